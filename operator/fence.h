// SPDX-License-Identifier: Apache-2.0
//
// Only one replica's Vault token can write: the accessor of the leader's token
// stands in the ledger, each new token is put there by compare-and-set before
// it is used, and who takes over revokes the one it finds. So a write that a
// paused leader still has under way is refused by Vault itself. A TokenSource
// for the leader's Store. Used by one thread at a time; blocking.
#pragma once

#include <cstdint>
#include <string>

#include "operator/store.h"
#include "operator/token_source.h"
#include "vault/api.h"

namespace claviger::op {

class Fence final : public TokenSource {
 public:
  /// `mount` is our KV v2 mount. Both references outlive this object.
  Fence(vault::Api& api, AccessorSource& session, std::string mount,
        std::string cluster);

  /// Revokes the predecessor's token and puts ours in its place; what was read
  /// from Vault before is stale afterwards. kConflict where others take over
  /// faster again and again; kInvalidArgument for a token without accessor
  /// (a batch token); the Api's errors. To be repeated until it succeeds.
  Status TakeOver();

  /// kConflict once another replica has taken over, kUnavailable before
  /// TakeOver; a token that is new is put into the ledger first.
  Result<const Secret*> Token() override;
  bool Refused() override { return session_.Refused(); }

  /// False also once the ledger turned out to name another: a successor, or
  /// whom a Vault that was restored knew.
  bool leads() const { return leads_; }

  /// A planned stop: the ledger names nobody any more. The session is to be
  /// closed next.
  Status StepDown();

 private:
  struct Leader {
    std::string accessor;
    int64_t version = 0;
  };

  Result<Leader> Read(const Secret& token);
  Result<int64_t> Write(const Secret& token, const std::string& accessor,
                        int64_t version);

  vault::Api& api_;
  AccessorSource& session_;
  std::string mount_;
  std::string cluster_;
  bool leads_ = false;
  std::string accessor_;  // that the ledger names, of ours
  int64_t version_ = 0;   // of that entry
};

}  // namespace claviger::op
