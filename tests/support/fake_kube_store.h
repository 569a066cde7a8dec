// SPDX-License-Identifier: Apache-2.0
//
// What an API server keeps, in memory, with its rules: versions, uids,
// generations, finalizers, deletion in two steps, status apart from the rest,
// and the history that watches read. FakeKube puts the protocol around it. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kube/resource.h"

namespace claviger::testing {

/// An HTTP status and the object or meta/v1 Status that comes with it.
struct KubeOutcome {
  int code = 200;
  nlohmann::json body;
};

/// A meta/v1 Status that says why not.
KubeOutcome KubeFailure(int code, const std::string& reason,
                        const std::string& message = "");

class FakeKubeStore {
 public:
  /// One change; null where the object was not there.
  struct Change {
    int64_t version = 0;
    std::string plural;
    nlohmann::json before;
    nlohmann::json after;
  };

  /// Has the namespaces default and kube-system.
  explicit FakeKubeStore(const Clock& clock);

  KubeOutcome Create(const kube::Resource& resource, const std::string& ns,
                     nlohmann::json object);
  KubeOutcome Get(const kube::Resource& resource,
                  const kube::ObjectName& name) const;
  KubeOutcome Replace(const kube::Resource& resource,
                      const kube::ObjectName& name, nlohmann::json object,
                      const std::string& subresource);
  KubeOutcome Patch(const kube::Resource& resource,
                    const kube::ObjectName& name, const nlohmann::json& patch,
                    const std::string& subresource);
  /// `options`: meta/v1 DeleteOptions, or null.
  KubeOutcome Delete(const kube::Resource& resource,
                     const kube::ObjectName& name,
                     const nlohmann::json& options);
  /// By namespace and name; an empty `ns` means all.
  std::vector<nlohmann::json> List(const kube::Resource& resource,
                                   const std::string& ns) const;

  int64_t version() const { return version_; }
  /// As if something else had happened.
  void Tick() { ++version_; }
  /// All that ever happened, oldest first.
  const std::vector<Change>& history() const { return history_; }

 private:
  using Objects = std::map<kube::ObjectName, nlohmann::json>;

  nlohmann::json* Find(const kube::Resource& resource,
                       const kube::ObjectName& name);
  KubeOutcome Write(const kube::Resource& resource,
                    const kube::ObjectName& name, nlohmann::json wanted,
                    const std::string& subresource);
  void Store(const kube::Resource& resource, const kube::ObjectName& name,
             nlohmann::json object);
  void Erase(const kube::Resource& resource, const kube::ObjectName& name,
             nlohmann::json last);
  KubeOutcome RefuseNamespace(const std::string& ns) const;
  std::string Fresh();

  const Clock& clock_;
  std::map<std::string, Objects> objects_;  // by plural
  std::vector<Change> history_;
  int64_t version_ = 100;
  int64_t made_ = 0;
};

}  // namespace claviger::testing
