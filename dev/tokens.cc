// SPDX-License-Identifier: Apache-2.0
#include "dev/tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "dev/fields.h"

namespace claviger::dev {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr size_t kMaxTokens = 100'000;
constexpr size_t kRandomBytes = 18;  // 24 characters of base64url

std::string Normalise(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '\t') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string TooLong(int64_t ttl, int64_t cap) {
  return "TTL of \"" + FormatDuration(seconds(ttl)) +
         "\" exceeded the effective max_ttl of \"" +
         FormatDuration(seconds(cap)) + "\"; TTL value is capped accordingly";
}

// The longest a token may live, counted from its creation. A periodic token
// may be renewed for ever, unless it has an explicit end.
int64_t CapOf(const TokenRequest& made) {
  int64_t cap = made.max_ttl > 0 ? std::min(made.max_ttl, kMaxTtlSeconds)
                                 : kMaxTtlSeconds;
  if (made.explicit_max_ttl > 0) cap = std::min(cap, made.explicit_max_ttl);
  return cap;
}

}  // namespace

bool Token::IsRoot() const {
  return std::find(made.policies.begin(), made.policies.end(), "root") !=
         made.policies.end();
}

std::vector<std::string> NormalisePolicies(std::vector<std::string> policies,
                                           bool no_default) {
  for (std::string& policy : policies) policy = Normalise(policy);
  const bool root =
      std::find(policies.begin(), policies.end(), "root") != policies.end();
  if (!no_default && !root) policies.emplace_back("default");
  std::sort(policies.begin(), policies.end());
  policies.erase(std::unique(policies.begin(), policies.end()), policies.end());
  policies.erase(std::remove(policies.begin(), policies.end(), ""),
                 policies.end());
  return policies;
}

void TokenStore::Purge() {
  const Time now = clock_.Now();
  std::vector<std::string> ended;
  for (const auto& [digest, token] : tokens_) {
    if (token.expires && *token.expires <= now) ended.push_back(digest);
  }
  for (const std::string& digest : ended) Revoke(digest);
}

Result<TokenStore::Created> TokenStore::Create(TokenRequest request) {
  if (tokens_.size() >= kMaxTokens) Purge();
  if (tokens_.size() >= kMaxTokens) {
    return Fail(ErrorCode::kTooLarge, "too many tokens");
  }
  Created created;
  Token token;
  token.created = clock_.Now();
  if (!request.endless) {
    const int64_t cap = CapOf(request);
    int64_t ttl = request.period > 0 ? request.period : request.ttl;
    if (ttl == 0) ttl = std::min(kDefaultTtlSeconds, cap);
    if (ttl > cap) created.warnings.push_back(TooLong(ttl, cap));
    request.ttl = std::min(ttl, cap);
    token.creation_ttl = request.ttl;
    token.expires = token.created + seconds(request.ttl);
  }
  std::string value =
      request.id.empty() ? "hvs." + Base64UrlEncode(random_.Bytes(kRandomBytes))
                         : request.id;
  token.digest = Sha256Hex(value);
  token.accessor = Base64UrlEncode(random_.Bytes(kRandomBytes));
  token.uses_left = request.num_uses;
  token.made = std::move(request);
  token.made.id.clear();
  const auto [place, fresh] = tokens_.emplace(token.digest, token);
  if (!fresh) {
    return Fail(ErrorCode::kConflict,
                "cannot create a token with a duplicate ID");
  }
  accessors_[token.accessor] = token.digest;
  created.value = Secret(std::move(value));
  created.token = &place->second;
  return created;
}

Token* TokenStore::Live(
    std::unordered_map<std::string, Token>::iterator found) {
  if (found == tokens_.end()) return nullptr;
  Token& token = found->second;
  if (token.expires && *token.expires <= clock_.Now()) {
    Revoke(std::string(token.digest));
    return nullptr;
  }
  return &token;
}

Token* TokenStore::Find(std::string_view value) {
  return Live(tokens_.find(Sha256Hex(value)));
}

Token* TokenStore::FindAccessor(const std::string& accessor) {
  const auto digest = accessors_.find(accessor);
  return digest == accessors_.end() ? nullptr
                                    : Live(tokens_.find(digest->second));
}

void TokenStore::Use(Token& token) {
  if (token.made.num_uses == 0) return;
  token.uses_left = token.uses_left == 1 ? -1 : token.uses_left - 1;
}

void TokenStore::DropIfSpent(const std::string& digest) {
  const auto found = tokens_.find(digest);
  if (found != tokens_.end() && found->second.uses_left < 0) Revoke(digest);
}

int64_t TokenStore::Renew(Token& token, int64_t increment, int64_t base,
                          std::vector<std::string>& warnings) {
  const Time now = clock_.Now();
  int64_t ttl = increment > 0 ? increment : base > 0 ? base : token.made.ttl;
  const int64_t lived =
      std::chrono::floor<seconds>(now - token.created).count();
  int64_t left = CapOf(token.made) - lived;
  if (token.made.period > 0) {
    ttl = token.made.period;
    if (token.made.explicit_max_ttl == 0) left = ttl;
  }
  if (ttl > left) warnings.push_back(TooLong(ttl, left));
  ttl = std::max<int64_t>(std::min(ttl, left), 0);
  token.expires = now + seconds(ttl);
  token.renewed = now;
  token.made.ttl = ttl;
  return ttl;
}

void TokenStore::Revoke(const std::string& digest) {
  const auto found = tokens_.find(digest);
  if (found == tokens_.end()) return;
  accessors_.erase(found->second.accessor);
  const std::string parent = digest;
  tokens_.erase(found);
  std::vector<std::string> children;
  for (const auto& [child, token] : tokens_) {
    if (token.made.parent == parent) children.push_back(child);
  }
  for (const std::string& child : children) Revoke(child);
}

void TokenStore::RevokeMadeAt(std::string_view mount) {
  std::vector<std::string> gone;
  for (const auto& [digest, token] : tokens_) {
    if (token.made.path.compare(0, mount.size(), mount) == 0) {
      gone.push_back(digest);
    }
  }
  for (const std::string& digest : gone) Revoke(digest);
}

int64_t TokenStore::TtlOf(const Token& token) const {
  if (!token.expires) return 0;
  return std::max<int64_t>(
      0, std::chrono::floor<seconds>(*token.expires - clock_.Now()).count());
}

json AuthObject(const Token& token, std::string_view value,
                int64_t lease_duration) {
  const TokenRequest& made = token.made;
  return {{"client_token", value},
          {"accessor", token.accessor},
          {"policies", made.policies},
          {"token_policies", made.policies},
          {"metadata", made.metadata.empty() ? json() : json(made.metadata)},
          {"lease_duration", lease_duration},
          {"renewable", made.renewable && token.expires.has_value()},
          {"entity_id", made.entity_id},
          {"token_type", "service"},
          {"orphan", made.parent.empty()},
          {"mfa_requirement", nullptr},
          {"num_uses", made.num_uses}};
}

}  // namespace claviger::dev
