// SPDX-License-Identifier: Apache-2.0
#include "operator/push/token_review.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "access/principal.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_member.h"
#include "base/names.h"

namespace claviger::op::push {
namespace {

using nlohmann::json;

constexpr size_t kMaxToken = size_t{16} << 10U;
constexpr JsonLimits kLimits{size_t{64} << 10U, 16, 2'000};
constexpr std::string_view kAccount = "system:serviceaccount:";

bool Names(const json& audiences, std::string_view audience) {
  if (audiences.is_string()) return audiences == audience;
  return audiences.is_array() &&
         std::any_of(audiences.begin(), audiences.end(),
                     [&](const json& one) { return one == audience; });
}

}  // namespace

bool LooksRight(std::string_view token, std::string_view audience, Time now) {
  if (token.size() > kMaxToken) return false;
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return false;
  const auto payload =
      Base64UrlDecode(token.substr(first + 1, last - first - 1));
  if (!payload) return false;
  const Result<json> claims = ParseJson(*payload, kLimits);
  if (!claims || !Names(MemberAt(*claims, "aud"), audience)) return false;
  const json& ends = MemberAt(*claims, "exp");
  return ends.is_number_integer() &&
         ends.get<int64_t>() > std::chrono::duration_cast<std::chrono::seconds>(
                                   now.time_since_epoch())
                                   .count();
}

std::string ReviewOf(std::string_view token, std::string_view audience) {
  return DumpJson(
      json{{"apiVersion", "authentication.k8s.io/v1"},
           {"kind", "TokenReview"},
           {"spec", {{"token", token}, {"audiences", {audience}}}}});
}

Result<std::string> PrincipalIn(std::string_view review,
                                std::string_view audience) {
  const Result<json> tree = ParseJson(review, kLimits);
  if (!tree) return Fail(tree.error(), "token review");
  const json& status = MemberAt(*tree, "status");
  const auto refuse = [] {
    return Fail(ErrorCode::kUnauthenticated,
                "the token is not a service account's for this audience");
  };
  if (MemberAt(status, "authenticated") != true) return refuse();
  // An API server that does not know audiences leaves them out.
  if (!Names(MemberAt(status, "audiences"), audience)) return refuse();
  const std::string user = TextAtPath(status, "/user/username");
  if (!user.starts_with(kAccount)) return refuse();
  const std::string_view rest = std::string_view(user).substr(kAccount.size());
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return refuse();
  const std::string ns(rest.substr(0, colon));
  const std::string name(rest.substr(colon + 1));
  if (!IsDnsLabel(ns) || !IsDnsSubdomain(name)) return refuse();
  return access::IdOf(access::Principal::ServiceAccount(ns, name));
}

}  // namespace claviger::op::push
