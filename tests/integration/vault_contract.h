// SPDX-License-Identifier: Apache-2.0
//
// What this project relies on in a Vault, as tests that run against any of
// them: the real server and the embedded one must both pass, so that what was
// tried on the one holds on the other. Each test binary links the contract's
// tests and its own StartVaultUnderTest.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "http/client.h"
#include "vault/api.h"
#include "vault/auth.h"
#include "vault/sys.h"

namespace claviger::testing {

/// A running, unsealed Vault and what it takes to log in there.
class VaultUnderTest {
 public:
  virtual ~VaultUnderTest() = default;
  virtual std::string address() const = 0;
  virtual std::string root_token() const = 0;
  /// Seals, or unseals, it. Nothing is lost.
  virtual Status Seal(bool sealed) = 0;
  /// Enables the kubernetes method at `mount`, ready for roles and logins.
  virtual Status EnableKubernetes(const std::string& mount) = 0;
  /// A token of a service account that such a mount accepts.
  virtual Result<std::string> ServiceAccountToken(
      const std::string& name_space, const std::string& name,
      const std::string& audience) = 0;
};

/// kUnsupported where the machine has none (real_servers.h: MaySkip).
Result<std::unique_ptr<VaultUnderTest>> StartVaultUnderTest();

/// One Vault for the whole run; each test takes names of its own from it.
class VaultContractTest : public ::testing::Test {
 protected:
  void SetUp() override;

  VaultUnderTest& vault() { return *vault_; }
  vault::Api& api() { return *api_; }
  const Secret& root() { return root_; }

  /// "name-7": never used before in this run.
  static std::string Fresh(const std::string& name);

  /// {"path": {"<path>": {"capabilities": [...]}}}
  struct Rule {
    std::string path;
    std::vector<std::string> capabilities;
  };
  static std::string PolicyText(const std::vector<Rule>& rules);
  /// Writes a policy under a fresh name and returns that.
  std::string NewPolicy(const std::vector<Rule>& rules);
  /// A child of the root token, without the default policy.
  Secret NewToken(const std::vector<std::string>& policies);
  Secret NewToken(const std::vector<Rule>& rules);

  /// A fresh KV mount that answers.
  std::string NewKv(const std::string& version = "2");

  /// One call as it is; `body` may be empty.
  Result<vault::Answer> Do(const Secret& token, vault::Verb verb,
                           const std::string& path,
                           const std::string& body = "");
  /// The same as "ok" or the name of the error's code.
  std::string Outcome(const Secret& token, vault::Verb verb,
                      const std::string& path, const std::string& body = "");

 private:
  VaultUnderTest* vault_ = nullptr;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> api_;
  Secret root_;
};

/// "ok", or the name of the error's code.
template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

}  // namespace claviger::testing
