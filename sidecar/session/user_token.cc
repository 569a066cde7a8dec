// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/user_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/names.h"

namespace claviger::sidecar {
namespace {

constexpr JsonLimits kPayloadLimits{kMaxUserTokenBytes, 8, 2'000};
// Year 9999: beyond it milliseconds still fit, and nobody's token lives.
constexpr int64_t kMaxSeconds = 253'402'300'799;

tl::unexpected<Error> Refuse(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument,
              "the user's token " + std::string(what));
}

Result<nlohmann::json> PayloadOf(std::string_view jwt) {
  if (jwt.size() > kMaxUserTokenBytes) return Refuse("is too long");
  if (std::count(jwt.begin(), jwt.end(), '.') != 2) return Refuse("is no JWT");
  const size_t first = jwt.find('.');
  const std::string_view middle =
      jwt.substr(first + 1, jwt.rfind('.') - first - 1);
  const Result<std::string> text = Base64UrlDecode(middle);
  if (!text) return Refuse("is no JWT");
  Result<nlohmann::json> payload = ParseJson(*text, kPayloadLimits);
  if (!payload || !payload->is_object()) return Refuse("is no JWT");
  return payload;
}

std::vector<std::string> TextsOf(const nlohmann::json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (!value.is_array()) return texts;
  for (const nlohmann::json& item : value) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::optional<Time> ExpiryOf(const nlohmann::json& payload) {
  const auto exp = payload.find("exp");
  if (exp == payload.end() || !exp->is_number()) return std::nullopt;
  const double seconds = exp->get<double>();
  if (!(seconds >= 0)) return Time();
  return Time(std::chrono::seconds(static_cast<int64_t>(
      std::min(seconds, static_cast<double>(kMaxSeconds)))));
}

}  // namespace

Result<UserToken> PeekUserToken(std::string_view jwt,
                                std::string_view user_claim) {
  const Result<nlohmann::json> payload = PayloadOf(jwt);
  if (!payload) return Fail(payload.error());
  const auto user = payload->find(user_claim);
  if (user == payload->end() || !user->is_string() ||
      !IsUserName(user->get_ref<const std::string&>())) {
    return Refuse("names no user in the claim that is configured");
  }
  UserToken token;
  token.user = user->get<std::string>();
  token.expires_at = ExpiryOf(*payload);
  for (const auto& [name, value] : payload->items()) {
    std::vector<std::string> texts = TextsOf(value);
    if (!texts.empty()) token.claims.emplace(name, std::move(texts));
  }
  return token;
}

std::string PeekAccountUid(std::string_view jwt) {
  static const nlohmann::json::json_pointer kUid(
      "/kubernetes.io/serviceaccount/uid");
  const Result<nlohmann::json> payload = PayloadOf(jwt);
  if (!payload || !payload->contains(kUid)) return "";
  const nlohmann::json& uid = payload->at(kUid);
  return uid.is_string() ? uid.get<std::string>() : "";
}

}  // namespace claviger::sidecar
