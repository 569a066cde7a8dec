// SPDX-License-Identifier: Apache-2.0
//
// What this project relies on in a Kubernetes API server, as tests that run
// against any of them: the real one, through the real transport, and FakeKube
// must both pass, so that what was tried on the one holds on the other. Each
// test binary links the contract's tests and its own StartKubeUnderTest.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"

namespace claviger::testing {

/// A running API server that serves the three kinds.
class KubeUnderTest {
 public:
  virtual ~KubeUnderTest() = default;
  virtual kube::Transport& transport() = 0;
  /// Versions up to now can no longer be watched from.
  virtual void Forget() = 0;
};

/// kUnsupported where the machine has none (real_servers.h: MaySkip).
Result<std::unique_ptr<KubeUnderTest>> StartKubeUnderTest();

/// One server for the whole run; each test has a namespace of its own.
class KubeContractTest : public ::testing::Test {
 protected:
  void SetUp() override;

  kube::Client& client() { return *client_; }
  KubeUnderTest& server() { return *server_; }
  const std::string& ns() const { return ns_; }
  kube::ObjectName Name(const std::string& name) const { return {ns_, name}; }

  /// A Grant that the definition admits, as stored; its reason is `reason`.
  nlohmann::json MakeGrant(const std::string& name,
                           const std::string& reason = "first",
                           const nlohmann::json& metadata = {});
  nlohmann::json GetGrant(const std::string& name);
  /// "ok" or the error's code; the stored object in `stored` if given.
  std::string PatchGrant(const std::string& name, const nlohmann::json& patch,
                         nlohmann::json* stored = nullptr);
  void MakeServiceAccount(const std::string& name,
                          const nlohmann::json& labels = {});

  /// Names of all pages, one by one: "a b | c".
  std::string Pages(const kube::Resource& resource, int limit,
                    const kube::Selection& selection);
  /// The first `count` events since `version` that are no bookmarks:
  /// "ADDED a MODIFIED a".
  std::string Events(const kube::Resource& resource, const std::string& version,
                     int count, const std::string& selector = "");

 private:
  KubeUnderTest* server_ = nullptr;
  std::unique_ptr<kube::Client> client_;
  std::string ns_;
};

std::string Version(const nlohmann::json& object);

/// "ok", or the name of the error's code.
template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

}  // namespace claviger::testing
