// SPDX-License-Identifier: Apache-2.0
//
// A stateful vault::Api in memory for unit tests: policies, auth roles, KV v2
// with compare-and-set, token self-service. Counts calls, fails on demand, and
// can be looked into and tampered with. One valid token, no rights checked:
// that is what the real server and the embedded one are for. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vault/api.h"

namespace claviger::testing {

class FakeVault final : public vault::Api {
 public:
  /// How a call fails: before it took effect, or after (the answer is lost).
  enum class Fault { kBefore, kAfter };

  Result<vault::Answer> Do(const vault::Call& call) override;

  // What happened. Logins and token self-service are not counted.
  int reads() const { return reads_; }
  int writes() const { return writes_; }
  int calls() const { return reads_ + writes_; }
  /// "write sys/policies/acl/x", in order, since the last ResetCounts.
  const std::vector<std::string>& log() const { return log_; }
  void ResetCounts();

  /// The call after `calls` more fails with `code`, and so do all behind it:
  /// the process that made them is as good as dead.
  void DieAfter(int calls, Fault fault,
                ErrorCode code = ErrorCode::kUnavailable);
  /// Only calls whose "verb path" contains `text` fail, from now on; empty:
  /// none.
  void Refuse(std::string text, ErrorCode code = ErrorCode::kPermissionDenied);
  void Heal();

  /// Everything but versions, as text to compare.
  std::string Dump() const;

  // Looking in and tampering, not counted.
  bool HasPolicy(const std::string& name) const {
    return policies_.count(name) > 0;
  }
  std::string Policy(const std::string& name) const;
  void SetPolicy(const std::string& name, std::string text);
  void RemovePolicy(const std::string& name) { policies_.erase(name); }
  /// By "mount/name".
  bool HasRole(const std::string& role) const { return roles_.count(role) > 0; }
  nlohmann::json Role(const std::string& role) const;
  void SetRole(const std::string& role, nlohmann::json fields);
  void RemoveRole(const std::string& role) { roles_.erase(role); }
  /// By "mount/path"; null where absent.
  nlohmann::json Secret(const std::string& path) const;
  void SetSecret(const std::string& path, nlohmann::json data);
  /// All versions and the metadata.
  void RemoveSecret(const std::string& path) { secrets_.erase(path); }
  /// Deletes the newest version only, as `vault kv delete` does.
  void DeleteVersion(const std::string& path);
  std::vector<std::string> Policies() const;
  std::vector<std::string> Roles() const;
  /// Paths of secrets with this prefix.
  std::vector<std::string> Secrets(const std::string& prefix) const;

 private:
  struct Versioned {
    nlohmann::json data;  // null: the newest version is deleted
    int64_t version = 0;
  };

  Result<vault::Answer> Perform(const vault::Call& call);
  Result<vault::Answer> ListRoles(const std::string& path);
  Result<vault::Answer> OnPolicy(const vault::Call& call,
                                 const std::string& name);
  Result<vault::Answer> OnRole(const vault::Call& call,
                               const std::string& role);
  Result<vault::Answer> OnData(const vault::Call& call,
                               const std::string& path);
  Result<vault::Answer> OnMetadata(const vault::Call& call,
                                   const std::string& path);

  std::map<std::string, std::string> policies_;
  std::map<std::string, nlohmann::json> roles_;
  std::map<std::string, Versioned> secrets_;

  int reads_ = 0;
  int writes_ = 0;
  std::vector<std::string> log_;
  int calls_to_live_ = -1;  // -1: for ever
  Fault fault_ = Fault::kBefore;
  ErrorCode death_ = ErrorCode::kUnavailable;
  std::string refused_;
  ErrorCode refusal_ = ErrorCode::kPermissionDenied;
};

}  // namespace claviger::testing
