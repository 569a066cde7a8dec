// SPDX-License-Identifier: Apache-2.0
#include "dev/claims.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "dev/role_tokens.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr int64_t kClockSkew = 60;
constexpr int64_t kMissingTime = 150;
constexpr double kLatest = 1e11;  // year 5138

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(ErrorCode::kUnauthenticated, std::move(why));
}

int64_t Effective(int64_t leeway, int64_t otherwise) {
  if (leeway < 0) return 0;
  return leeway == 0 ? otherwise : leeway;
}

// A NumericDate; none where absent. Absurd ones are refused.
Result<std::optional<int64_t>> TimeClaim(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || found->is_null()) return std::nullopt;
  if (!found->is_number()) {
    return Refuse(std::string(name) + " claim is not a number");
  }
  const auto value = found->get<double>();
  if (!std::isfinite(value) || std::abs(value) > kLatest) {
    return Refuse(std::string(name) + " claim is out of range");
  }
  return static_cast<int64_t>(value);
}

std::vector<json> AsList(const json& value) {
  if (value.is_array()) return value.get<std::vector<json>>();
  return {value};
}

bool SameValue(const json& wanted, const json& found, bool glob) {
  if (!glob) return wanted == found;
  return wanted.is_string() && found.is_string() &&
         MatchesGlob(wanted.get_ref<const std::string&>(),
                     found.get_ref<const std::string&>());
}

}  // namespace

Status CheckTimes(const json& claims, Time now, const Leeways& leeways) {
  const auto issued = TimeClaim(claims, "iat");
  const auto starts = TimeClaim(claims, "nbf");
  const auto ends = TimeClaim(claims, "exp");
  for (const auto* claim : {&issued, &starts, &ends}) {
    if (!*claim) return Fail(claim->error());
  }
  if (!*issued && !*starts && !*ends) {
    return Refuse(
        "no issued at (iat), not before (nbf), or expiration time (exp) claims "
        "in token");
  }
  const int64_t skew = Effective(leeways.clock_skew, kClockSkew);
  const int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  // A missing end follows from the later of the two beginnings, a missing
  // beginning from issue or, without one, from the end.
  const int64_t latest_start =
      std::max(issued->value_or(0), starts->value_or(0));
  const int64_t end =
      *ends ? **ends
            : latest_start + Effective(leeways.expiration, kMissingTime);
  const int64_t start =
      *starts
          ? **starts
          : issued->value_or(end) - Effective(leeways.not_before, kMissingTime);
  if (seconds > end + skew) {
    return Refuse("invalid expiration time (exp) claim: token is expired");
  }
  if (seconds + skew < start) {
    return Refuse("invalid not before (nbf) claim: token not yet valid");
  }
  if (seconds + skew < issued->value_or(0)) {
    return Refuse("invalid issued at (iat) claim: token issued in the future");
  }
  return {};
}

std::vector<std::string> AudiencesOf(const json& claims) {
  std::vector<std::string> out;
  const auto found = claims.find("aud");
  if (found == claims.end()) return out;
  for (const json& item : AsList(*found)) {
    if (item.is_string() && !item.get_ref<const std::string&>().empty()) {
      out.push_back(item.get<std::string>());
    }
  }
  return out;
}

bool AnyInCommon(const std::vector<std::string>& left,
                 const std::vector<std::string>& right) {
  return std::any_of(left.begin(), left.end(), [&](const std::string& item) {
    return std::find(right.begin(), right.end(), item) != right.end();
  });
}

const json* FindClaim(const json& claims, const std::string& name) {
  if (name.empty() || name.front() != '/') {
    const auto found = claims.find(name);
    return found == claims.end() ? nullptr : &*found;
  }
  const json* at = &claims;
  std::string_view rest = name;
  while (!rest.empty() && at->is_object()) {
    rest.remove_prefix(1);
    const std::string key(rest.substr(0, rest.find('/')));
    rest.remove_prefix(key.size());
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return rest.empty() ? at : nullptr;
}

Status CheckBoundClaims(const json& claims, const json& bound, bool glob) {
  for (const auto& [name, wanted] : bound.items()) {
    const json* actual = FindClaim(claims, name);
    if (actual == nullptr) {
      return Refuse("error validating claims: claim \"" + name +
                    "\" is missing");
    }
    const auto values = AsList(*actual);
    const auto accepted = AsList(wanted);
    const bool good =
        std::any_of(accepted.begin(), accepted.end(), [&](const json& one) {
          return std::any_of(values.begin(), values.end(), [&](const json& v) {
            return SameValue(one, v, glob);
          });
        });
    if (!good) {
      return Refuse("error validating claims: claim \"" + name +
                    "\" does not match any associated bound claim values");
    }
  }
  return {};
}

}  // namespace claviger::dev
