// SPDX-License-Identifier: Apache-2.0
//
// The Store on a Vault: lib/vault's functions with the operator's token, which
// is renewed once when Vault refuses it. Thread-safe: the token source is asked
// by one thread at a time.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "base/secret.h"
#include "operator/store.h"
#include "operator/token_source.h"
#include "vault/api.h"

namespace claviger::op {

class VaultStore final : public Store {
 public:
  /// `mount` is our KV v2 mount. Both references outlive this object.
  VaultStore(vault::Api& api, TokenSource& token, std::string mount);

  Result<std::string> ReadPolicy(const std::string& name) override;
  Status WritePolicy(const std::string& name, const std::string& text) override;
  Status DeletePolicy(const std::string& name) override;
  Result<std::vector<std::string>> ListPolicies() override;
  Result<std::string> ReadRole(const RoleName& role) override;
  Status WriteRole(const RoleName& role, const std::string& json) override;
  Status DeleteRole(const RoleName& role) override;
  Result<std::vector<std::string>> ListRoles(const std::string& mount) override;
  Result<Entry> ReadEntry(const std::string& path) override;
  Result<int64_t> WriteEntry(const std::string& path, const std::string& data,
                             int64_t cas) override;
  Status RemoveEntry(const std::string& path) override;
  Result<std::vector<std::string>> ListEntries(
      const std::string& path) override;

 private:
  Result<Secret> Token();
  Result<Secret> TokenInsteadOf(const Secret& refused);
  template <typename Call>
  auto WithToken(Call call) -> decltype(call(std::declval<const Secret&>()));

  vault::Api& api_;
  std::mutex mutex_;  // of token_
  TokenSource& token_;
  std::string mount_;
};

}  // namespace claviger::op
