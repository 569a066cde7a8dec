// SPDX-License-Identifier: Apache-2.0
//
// The leasing part of PlayedVault: dynamic roles whose every read makes a user
// with a lease, static roles that rotate by the clock, and the books on what
// lives. Not synchronised: PlayedVault's lock is held.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "vault/api.h"

namespace claviger::testing {

struct DynamicRole {
  std::chrono::seconds ttl{3'600};
  std::chrono::seconds max_ttl{86'400};
  bool renewable = true;
};

class PlayedLeases {
 public:
  explicit PlayedLeases(const Clock& clock) : clock_(clock) {}

  /// "database/creds/ro": each GET (or POST) makes "user-<n>".
  void AddDynamic(const std::string& path, const DynamicRole& role) {
    dynamic_[path] = role;
  }
  /// "database/static-creds/app": "pw-<n>", another each `period`.
  void AddStatic(const std::string& path, std::chrono::seconds period) {
    static_[path] = {period, clock_.SteadyNow()};
  }

  /// Null: not about leases. `token` is the caller's.
  std::optional<Result<vault::Answer>> Answer(const vault::Call& call,
                                              const std::string& token);
  void EndOfToken(const std::string& token);
  void Forget() { leases_.clear(); }  // as a restored backup does

  size_t live() const;
  /// Whether the user or password that was given still works.
  bool Works(const std::string& user) const;
  /// Where a user that works was made; empty: it does not work.
  std::string PathOf(const std::string& user) const;
  size_t LiveOf(const std::string& path) const;
  int made() const { return made_; }
  int renewed() const { return renewed_; }
  int renewed_dead() const { return renewed_dead_; }
  int revoked() const { return revoked_; }

 private:
  struct Lease {
    std::string path;
    std::string token;
    std::string user;
    SteadyTime born;
    SteadyTime ends;
  };
  struct StaticRole {
    std::chrono::seconds period;
    SteadyTime since;
  };
  Result<vault::Answer> Make(const std::string& path, const DynamicRole& role,
                             const std::string& token);
  Result<vault::Answer> Renew(const vault::Call& call);

  const Clock& clock_;
  std::map<std::string, DynamicRole> dynamic_;
  std::map<std::string, StaticRole> static_;
  std::map<std::string, Lease> leases_;
  int made_ = 0;
  int renewed_ = 0;
  int renewed_dead_ = 0;
  int revoked_ = 0;
};

}  // namespace claviger::testing
