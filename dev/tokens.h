// SPDX-License-Identifier: Apache-2.0
//
// The tokens of the embedded Vault. Kept by the SHA-256 of their value, so that
// looking one up compares digests; expired ones are gone at the next look.
// Bounded in number. Not synchronised: VaultCore's lock guards it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace claviger::dev {

/// The system's lease limits, 32 days each.
inline constexpr int64_t kDefaultTtlSeconds = 2'764'800;
inline constexpr int64_t kMaxTtlSeconds = 2'764'800;

/// What is asked of a new token.
struct TokenRequest {
  std::vector<std::string> policies;  // normalised: NormalisePolicies
  std::map<std::string, std::string> metadata;
  std::string path;  // "auth/token/create", "auth/kubernetes/login"
  std::string display_name = "token";
  std::string entity_id;
  std::string role;  // of an auth mount; renewal asks for it again
  std::string id;    // chosen by the creator; empty: random
  int64_t ttl = 0;   // 0: the default
  int64_t max_ttl = 0;
  int64_t explicit_max_ttl = 0;
  int64_t period = 0;
  int64_t num_uses = 0;  // 0: any number
  bool renewable = true;
  bool endless = false;  // a root token without a TTL
  std::string parent;    // digest; empty: an orphan
};

struct Token {
  std::string digest;
  std::string accessor;
  TokenRequest made;  // the request, with what was granted
  Time created;
  std::optional<Time> expires;
  std::optional<Time> renewed;
  int64_t creation_ttl = 0;
  int64_t uses_left = 0;  // with made.num_uses

  bool IsRoot() const;
};

/// Lower case, trimmed, sorted, each once; `default` added unless unwanted or
/// beside `root`.
std::vector<std::string> NormalisePolicies(std::vector<std::string> policies,
                                           bool no_default);

class TokenStore {
 public:
  TokenStore(Clock& clock, Random& random) : clock_(clock), random_(random) {}

  struct Created {
    Secret value;
    const Token* token = nullptr;  // valid until the store changes
    std::vector<std::string> warnings;
  };
  /// kConflict for an id that exists, kTooLarge at the bound.
  Result<Created> Create(TokenRequest request);

  /// Null where there is none, or no longer.
  Token* Find(std::string_view value);
  Token* FindAccessor(const std::string& accessor);

  /// Takes one use of a token that has a limited number; the last one leaves
  /// it to be dropped by DropIfSpent.
  void Use(Token& token);
  void DropIfSpent(const std::string& digest);

  /// The new lifetime in seconds. `increment` 0: the one it was made with, or
  /// `base` of its role now. Adds what Vault would warn about.
  int64_t Renew(Token& token, int64_t increment, int64_t base,
                std::vector<std::string>& warnings);

  /// With all its children.
  void Revoke(const std::string& digest);
  /// Those whose path is below `mount` ("auth/users/").
  void RevokeMadeAt(std::string_view mount);

  /// Seconds until it ends, 0 for never.
  int64_t TtlOf(const Token& token) const;

 private:
  void Purge();
  Token* Live(std::unordered_map<std::string, Token>::iterator found);

  Clock& clock_;
  Random& random_;
  std::unordered_map<std::string, Token> tokens_;           // by digest
  std::unordered_map<std::string, std::string> accessors_;  // to digest
};

/// The "auth" object of a login, creation or renewal.
nlohmann::json AuthObject(const Token& token, std::string_view value,
                          int64_t lease_duration);

}  // namespace claviger::dev
