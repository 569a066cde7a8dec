// SPDX-License-Identifier: Apache-2.0
//
// What the tests of lib/kube share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/client.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"

namespace claviger::testing {

/// "ok", or the name of the error's code.
template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

/// A client of a server in memory.
class KubeTest : public ::testing::Test {
 protected:
  nlohmann::json AddGrant(const std::string& name, int number = 1) {
    return kube_.Apply(kube::kGrants,
                       KubeObject("sales", name, {{"number", number}}));
  }

  /// "sales/a sales/b": all names of a list, or the error's code.
  std::string ListNames(const kube::Resource& resource,
                        const kube::Selection& selection = {}) {
    std::string names;
    const auto version =
        client_.List(resource, selection,
                     {[&] { names.clear(); },
                      [&](const kube::ObjectView& object) {
                        if (!names.empty()) names += " ";
                        names += object.name.ns + "/" + object.name.name;
                      }});
    if (!version) return CodeOf(version);
    return names;
  }

  /// "ADDED a BOOKMARK": all events since `version`,
  /// or the error's code.
  std::string WatchAll(const kube::Resource& resource,
                       const std::string& version,
                       const kube::Selection& selection = {}) {
    static const char* const kTypes[] = {"ADDED", "MODIFIED", "DELETED",
                                         "BOOKMARK"};
    std::string events;
    kube::WatchRequest request;
    request.selection = selection;
    request.resource_version = version;
    const auto end =
        client_.Watch(resource, request, [&](const kube::WatchEvent& event) {
          if (!events.empty()) events += " ";
          events += kTypes[static_cast<size_t>(event.type)];
          if (event.type != kube::WatchEvent::Type::kBookmark) {
            events += " " + event.object.name.name;
          }
          return true;
        });
    if (!end) return CodeOf(end);
    return *end == kube::WatchEnd::kExpired ? events + " EXPIRED" : events;
  }

  FakeClock clock_;
  FakeKube kube_{clock_};
  kube::Client client_{kube_};
};

}  // namespace claviger::testing
