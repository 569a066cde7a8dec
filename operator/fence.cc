// SPDX-License-Identifier: Apache-2.0
#include "operator/fence.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "operator/vault_store.h"
#include "vault/auth.h"

namespace claviger::op {
namespace {

using nlohmann::json;

constexpr int kAttempts = 5;

std::string PathOf(const std::string& cluster) {
  return cluster + "/ledger/leader";
}

json Stamp(const std::string& cluster) {
  return {{"by", "claviger"}, {"cluster", cluster}, {"format", 1}};
}

}  // namespace

Fence::Fence(vault::Api& api, AccessorSource& session, std::string mount,
             std::string cluster)
    : api_(api),
      session_(session),
      mount_(std::move(mount)),
      cluster_(std::move(cluster)) {}

Result<Fence::Leader> Fence::Read(const Secret& token) {
  FixedToken fixed(token.Clone());
  VaultStore store(api_, fixed, mount_);
  const Result<Entry> entry = store.ReadEntry(PathOf(cluster_));
  if (!entry && entry.error().code == ErrorCode::kNotFound) return Leader();
  if (!entry) return Fail(entry.error(), "take over");
  const Result<json> value = ParseJson(entry->data);
  if (!value || !value->is_object() ||
      value->value("stamp", json()) != Stamp(cluster_)) {
    return Fail(ErrorCode::kConflict,
                "take over: " + PathOf(cluster_) +
                    " exists and was not written by this operator");
  }
  const json accessor = value->value("accessor", json());
  return Leader{accessor.is_string() ? accessor.get<std::string>() : "",
                entry->version};
}

Result<int64_t> Fence::Write(const Secret& token, const std::string& accessor,
                             int64_t version) {
  FixedToken fixed(token.Clone());
  VaultStore store(api_, fixed, mount_);
  const json value = {{"stamp", Stamp(cluster_)}, {"accessor", accessor}};
  return store.WriteEntry(PathOf(cluster_), DumpJson(value), version);
}

Status Fence::TakeOver() {
  leads_ = false;
  Status last;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<const Secret*> token = session_.Token();
    if (!token) return Fail(token.error());
    const std::string own = session_.accessor();
    if (own.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "take over: the operator's token has no accessor; its role "
                  "must give service tokens");
    }
    const Result<Leader> leader = Read(**token);
    if (!leader) {
      // Ended by somebody else: the next attempt has a new one.
      if (leader.error().code == ErrorCode::kPermissionDenied) {
        (void)session_.Refused();
      }
      return Fail(leader.error());
    }
    if (!leader->accessor.empty() && leader->accessor != own) {
      Status revoked = vault::RevokeAccessor(api_, **token, leader->accessor);
      if (!revoked) return revoked;
    }
    const Result<int64_t> version = Write(**token, own, leader->version);
    if (version) {
      leads_ = true;
      accessor_ = own;
      version_ = *version;
      return {};
    }
    // The other one put a new token there meanwhile: that one goes, too.
    last = Fail(version.error(), "take over");
    if (version.error().code != ErrorCode::kConflict) break;
  }
  return last;
}

Result<const Secret*> Fence::Token() {
  if (!leads_) {
    return Fail(ErrorCode::kUnavailable,
                "use the leader's token: this replica has not taken over");
  }
  const Result<const Secret*> token = session_.Token();
  if (!token || session_.accessor() == accessor_) return token;
  const std::string own = session_.accessor();
  const Result<int64_t> version = Write(**token, own, version_);
  if (!version) {
    if (version.error().code == ErrorCode::kConflict) leads_ = false;
    return Fail(version.error(), "put a new token into the ledger");
  }
  accessor_ = own;
  version_ = *version;
  return token;
}

Status Fence::StepDown() {
  if (!leads_) return {};
  const Result<const Secret*> token = session_.Token();
  if (!token) return Fail(token.error());
  leads_ = false;
  const Result<int64_t> version = Write(**token, "", version_);
  if (!version) return Fail(version.error(), "step down");
  return {};
}

}  // namespace claviger::op
