// SPDX-License-Identifier: Apache-2.0
#include "dev/role_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(ErrorCode::kInvalidArgument, std::move(why));
}

}  // namespace

Status RoleTokens::Read(const json& body) {
  std::vector<std::string> cidrs;
  Fields fields(body);
  fields.ReadSeconds("token_ttl", ttl)
      .ReadSeconds("token_max_ttl", max_ttl)
      .ReadSeconds("token_explicit_max_ttl", explicit_max_ttl)
      .ReadSeconds("token_period", period)
      .Read("token_num_uses", num_uses)
      .Read("token_no_default_policy", no_default_policy)
      .Read("token_type", type)
      .Read("token_policies", policies)
      .Read("token_bound_cidrs", cidrs);
  if (!fields.status()) return Fail(fields.status().error());
  if (!cidrs.empty()) return Refuse("'token_bound_cidrs' is not supported");
  if (type != "default" && type != "service") {
    return Refuse("invalid 'token_type' value \"" + type + "\"");
  }
  if (max_ttl > 0 && ttl > max_ttl) {
    return Refuse("'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  return {};
}

void RoleTokens::Show(json& role) const {
  role.update({{"token_ttl", ttl},
               {"token_max_ttl", max_ttl},
               {"token_explicit_max_ttl", explicit_max_ttl},
               {"token_period", period},
               {"token_num_uses", num_uses},
               {"token_no_default_policy", no_default_policy},
               {"token_type", type},
               {"token_policies", policies},
               {"token_bound_cidrs", json::array()}});
}

Reply LogIn(TokenStore& tokens, const RoleTokens& role, Identity identity) {
  TokenRequest request;
  request.policies = NormalisePolicies(role.policies, role.no_default_policy);
  if (std::find(request.policies.begin(), request.policies.end(), "root") !=
      request.policies.end()) {
    return Refused(400, "auth methods cannot create root tokens");
  }
  const std::string mount = identity.mount.substr(
      std::string_view("auth/").size(),
      identity.mount.size() - std::string_view("auth//").size());
  request.metadata = std::move(identity.metadata);
  request.metadata["role"] = identity.role;
  request.path = identity.mount + "login";
  request.display_name = mount + "-" + identity.display_name;
  request.entity_id = UuidV5(identity.mount + identity.alias);
  request.role = std::move(identity.role);
  request.ttl = role.ttl;
  request.max_ttl = role.max_ttl;
  request.explicit_max_ttl = role.explicit_max_ttl;
  request.period = role.period;
  request.num_uses = role.num_uses;
  auto created = tokens.Create(std::move(request));
  if (!created) return RefusedBy(created.error());
  Reply reply;
  reply.auth = AuthObject(*created->token, created->value.Reveal(),
                          created->token->creation_ttl);
  reply.warnings = std::move(created->warnings);
  return reply;
}

bool MatchesGlob(std::string_view pattern, std::string_view text) {
  // Remembers the last `*` and how much of the text it has taken so far.
  size_t at = 0;
  size_t taken = 0;
  size_t star = std::string_view::npos;
  size_t star_taken = 0;
  while (taken < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_taken = taken;
    } else if (at < pattern.size() && pattern[at] == text[taken]) {
      ++at;
      ++taken;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      taken = ++star_taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace claviger::dev
