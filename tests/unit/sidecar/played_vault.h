// SPDX-License-Identifier: Apache-2.0
//
// A Vault as a sidecar meets it, played in memory: roles to log in by, tokens
// that end, KV secrets, and for each login the paths it may read. It counts
// what it is asked, and can be away, refuse or answer garbage on demand.
// Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/compile.h"
#include "base/clock.h"
#include "model/objects.h"
#include "unit/sidecar/played_leases.h"
#include "vault/api.h"

namespace claviger::testing {

class PlayedVault final : public vault::Api {
 public:
  static constexpr const char* kCluster = "test";

  explicit PlayedVault(const Clock& clock) : clock_(clock) {}

  /// What the operator would write for these objects: bindings, roles, and
  /// what each login may read. Replaces what was published before; documents
  /// that did not change keep their version. `users`: also theirs.
  void Publish(model::Objects objects, Time now, bool users = false);

  /// A secret, by "mount/path"; each call is a new version.
  void PutSecret(const std::string& path, std::string json);
  void RemoveSecret(const std::string& path);
  /// Deletes its newest version, as `vault kv delete` does: its metadata stay.
  void DeleteVersion(const std::string& path);

  /// Takes a role away, as the operator does first when a principal ends.
  void RemoveRole(const std::string& role);
  /// Takes a role's policy away: its tokens live and may do nothing.
  void RemovePolicy(const std::string& role);
  /// Takes one path out of a role's policy.
  void Deny(const std::string& role, const std::string& api_path);
  void RevokeAllTokens();
  /// A token that somebody else made, of a role that was published.
  void AddToken(const std::string& token, const std::string& role);

  /// Jwts of this text are refused with 400, as a bad signature is.
  void RefuseJwt(const std::string& jwt);
  /// From now on every call, or every call of this path, fails so.
  void FailWith(std::optional<ErrorCode> code);
  void FailPath(const std::string& path, std::optional<ErrorCode> code);
  /// From now on `other` answers every call; null: this one does again.
  void AnswerBy(vault::Api* other) { other_ = other; }
  /// Called, outside any lock, before each answer.
  void OnCall(std::function<void(const std::string& path)> hook);

  void SetLease(std::chrono::seconds lease) { lease_ = lease; }
  /// Renewals give no more than what is left of this since the login.
  void SetMaxLife(std::chrono::seconds life) { max_life_ = life; }

  /// The engines that lease; to be asked while nothing else runs.
  PlayedLeases& leases();

  int logins() const;
  int renewals() const;
  int revocations() const;
  size_t live_tokens() const;
  /// The request_id of the last answer that has one.
  std::string LastRequestId() const;
  /// How often this API path was read.
  int reads(const std::string& path) const;
  int calls() const;

  Result<vault::Answer> Do(const vault::Call& call) override;

 private:
  struct Secret {
    std::string json;
    int version = 0;
    bool deleted = false;
  };
  struct Token {
    std::string role;
    SteadyTime born;
    SteadyTime ends;
  };
  using Paths = std::set<std::string>;

  void EndTokens();
  void PublishPrincipal(const access::Compiler& compiler,
                        const access::Principal& principal, Time now);
  std::string RequestId() const;
  Result<vault::Answer> Answer(const vault::Call& call);
  Result<vault::Answer> LogIn(const vault::Call& call);
  Result<vault::Answer> Read(const vault::Call& call, const Token& token);
  Result<vault::Answer> Write(const vault::Call& call);
  Token* Find(const vault::Call& call);
  bool MayRead(const std::string& role, const std::string& path) const;
  std::string Lease(const Token& token) const;

  const Clock& clock_;
  PlayedLeases leases_{clock_};
  mutable std::mutex mutex_;
  std::chrono::seconds lease_{3'600};
  std::chrono::seconds max_life_{86'400};
  std::map<std::string, Secret> secrets_;  // by "mount/path"
  std::map<std::string, Paths> policies_;  // by role
  std::set<std::string> roles_;
  std::map<std::string, Token> tokens_;
  std::set<std::string> refused_jwts_;
  std::optional<ErrorCode> failing_;
  std::map<std::string, ErrorCode> failing_paths_;
  std::function<void(const std::string&)> hook_;
  std::atomic<vault::Api*> other_{nullptr};
  std::map<std::string, int> reads_;
  int calls_ = 0;
  int logins_ = 0;
  int renewals_ = 0;
  int revocations_ = 0;
};

}  // namespace claviger::testing
