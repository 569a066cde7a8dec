// SPDX-License-Identifier: Apache-2.0
#include "dev/development_issuer.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "dev/jws.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr std::chrono::hours kUserTokenLife{1};

int64_t Seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time)
      .time_since_epoch()
      .count();
}

Result<Secret> Sign(const JwsKey& key, const json& claims) {
  auto token = key.Sign(claims);
  if (!token) return Fail(token.error());
  return Secret(*std::move(token));
}

}  // namespace

DevelopmentIssuer::DevelopmentIssuer(Clock& clock, Random& random,
                                     std::unique_ptr<JwsKey> accounts,
                                     std::unique_ptr<JwsKey> users)
    : clock_(clock),
      random_(random),
      accounts_(std::move(accounts)),
      users_(std::move(users)),
      accounts_public_(accounts_->PublicPem()),
      users_public_(users_->PublicPem()) {}

DevelopmentIssuer::~DevelopmentIssuer() = default;

Result<std::unique_ptr<DevelopmentIssuer>> DevelopmentIssuer::Create(
    Clock& clock, Random& random) {
  auto accounts = JwsKey::Generate();
  if (!accounts) return Fail(accounts.error());
  auto users = JwsKey::Generate();
  if (!users) return Fail(users.error());
  return std::unique_ptr<DevelopmentIssuer>(new DevelopmentIssuer(
      clock, random, std::make_unique<JwsKey>(*std::move(accounts)),
      std::make_unique<JwsKey>(*std::move(users))));
}

Result<Secret> DevelopmentIssuer::MintServiceAccountToken(
    std::string_view ns, std::string_view name, std::string_view uid,
    std::string_view audience, std::chrono::seconds ttl) {
  const int64_t now = Seconds(clock_.Now());
  const std::string account = std::string(ns) + ":" + std::string(name);
  return Sign(*accounts_,
              json{{"iss", kServiceAccountIssuer},
                   {"sub", "system:serviceaccount:" + account},
                   {"aud", json::array({audience})},
                   {"iat", now},
                   {"nbf", now},
                   {"exp", now + ttl.count()},
                   {"jti", UuidV5(random_.Bytes(16))},
                   {"kubernetes.io",
                    {{"namespace", ns},
                     {"serviceaccount", {{"name", name}, {"uid", uid}}}}}});
}

Result<Secret> DevelopmentIssuer::MintUserToken(std::string_view name,
                                                std::string_view claims_json) {
  const auto extra = ParseJson(claims_json, {.max_depth = 8});
  if (!extra || !extra->is_object()) {
    return Fail(ErrorCode::kInvalidArgument, "claims are not a JSON object");
  }
  const int64_t now = Seconds(clock_.Now());
  json claims{{"iss", kUserIssuer},
              {"sub", name},
              {"iat", now},
              {"nbf", now},
              {"exp", now + std::chrono::seconds(kUserTokenLife).count()}};
  claims.update(*extra);
  return Sign(*users_, claims);
}

const std::string& DevelopmentIssuer::service_account_public_key() const {
  return accounts_public_;
}

const std::string& DevelopmentIssuer::user_public_key() const {
  return users_public_;
}

}  // namespace claviger::dev
