// SPDX-License-Identifier: Apache-2.0
#include "operator/vault_store.h"

#include <utility>

#include "vault/auth.h"
#include "vault/kv.h"
#include "vault/policy.h"

namespace claviger::op {
namespace {

bool TokenRefused(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied ||
         error.code == ErrorCode::kUnauthenticated;
}

}  // namespace

VaultStore::VaultStore(vault::Api& api, TokenSource& token, std::string mount)
    : api_(api), token_(token), mount_(std::move(mount)) {}

Result<Secret> VaultStore::Token() {
  const std::lock_guard lock(mutex_);
  const Result<const Secret*> token = token_.Token();
  if (!token) return Fail(token.error());
  return (*token)->Clone();
}

// Empty where a new token makes no sense. Another thread may have got one
// while this one's call was under way.
Result<Secret> VaultStore::TokenInsteadOf(const Secret& refused) {
  const std::lock_guard lock(mutex_);
  Result<const Secret*> token = token_.Token();
  if (token && (*token)->Equals(refused.Reveal())) {
    if (!token_.Refused()) return Secret();
    token = token_.Token();
  }
  if (!token) return Fail(token.error());
  return (*token)->Clone();
}

// Vault answers 403 for a token that ended as for a thing that is forbidden:
// one new login tells them apart.
template <typename Call>
auto VaultStore::WithToken(Call call)
    -> decltype(call(std::declval<const Secret&>())) {
  const Result<Secret> token = Token();
  if (!token) return Fail(token.error());
  auto result = call(*token);
  if (result || !TokenRefused(result.error())) return result;
  const Result<Secret> other = TokenInsteadOf(*token);
  if (!other) return Fail(other.error());
  if (other->empty()) return result;
  return call(*other);
}

Result<std::string> VaultStore::ReadPolicy(const std::string& name) {
  return WithToken([&](const Secret& token) {
    return vault::ReadPolicy(api_, token, name);
  });
}

Status VaultStore::WritePolicy(const std::string& name,
                               const std::string& text) {
  return WithToken([&](const Secret& token) {
    return vault::WritePolicy(api_, token, name, text);
  });
}

Status VaultStore::DeletePolicy(const std::string& name) {
  return WithToken([&](const Secret& token) {
    return vault::DeletePolicy(api_, token, name);
  });
}

Result<std::vector<std::string>> VaultStore::ListPolicies() {
  return WithToken(
      [&](const Secret& token) { return vault::ListPolicies(api_, token); });
}

Result<std::string> VaultStore::ReadRole(const RoleName& role) {
  return WithToken([&](const Secret& token) {
    return vault::ReadRole(api_, token, role.mount, role.name);
  });
}

Status VaultStore::WriteRole(const RoleName& role, const std::string& json) {
  return WithToken([&](const Secret& token) {
    return vault::WriteRole(api_, token, role.mount, role.name, json);
  });
}

Status VaultStore::DeleteRole(const RoleName& role) {
  return WithToken([&](const Secret& token) {
    return vault::DeleteRole(api_, token, role.mount, role.name);
  });
}

Result<std::vector<std::string>> VaultStore::ListRoles(
    const std::string& mount) {
  return WithToken([&](const Secret& token) {
    return vault::ListRoles(api_, token, mount);
  });
}

Result<Entry> VaultStore::ReadEntry(const std::string& path) {
  Result<vault::KvSecret> read = WithToken([&](const Secret& token) {
    return vault::ReadKv2(api_, token, mount_, path);
  });
  if (!read) return Fail(std::move(read).error());
  return Entry{std::string(read->data.Reveal()), read->version};
}

Result<int64_t> VaultStore::WriteEntry(const std::string& path,
                                       const std::string& data, int64_t cas) {
  return WithToken([&](const Secret& token) {
    return vault::WriteKv2(api_, token, mount_, path, data, cas);
  });
}

Status VaultStore::RemoveEntry(const std::string& path) {
  return WithToken([&](const Secret& token) {
    return vault::RemoveKv2(api_, token, mount_, path);
  });
}

Result<std::vector<std::string>> VaultStore::ListEntries(
    const std::string& path) {
  return WithToken([&](const Secret& token) {
    return vault::ListKv2(api_, token, mount_, path);
  });
}

}  // namespace claviger::op
