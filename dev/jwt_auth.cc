// SPDX-License-Identifier: Apache-2.0
#include "dev/jwt_auth.h"

#include <utility>

#include "dev/fields.h"
#include "dev/policies.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr size_t kMaxRoles = 100'000;
constexpr size_t kMaxKeys = 16;

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(ErrorCode::kInvalidArgument, std::move(why));
}

tl::unexpected<Error> Invalid(const std::string& what) {
  return Refuse("error validating token: " + what);
}

// True where that claim is `wanted`, or nothing is wanted.
bool IsText(const json& claims, const char* name, const std::string& wanted) {
  const auto found = claims.find(name);
  return wanted.empty() || (found != claims.end() && found->is_string() &&
                            found->get_ref<const std::string&>() == wanted);
}

json OrNull(const std::vector<std::string>& items) {
  return items.empty() ? json() : json(items);
}

Status CheckGlobs(const json& bound) {
  for (const auto& [name, wanted] : bound.items()) {
    const json values = wanted.is_array() ? wanted : json::array({wanted});
    for (const json& value : values) {
      if (!value.is_string()) return Refuse("claim is not a string");
    }
  }
  return {};
}

// What of a token goes into the login's metadata.
std::map<std::string, std::string> MappedClaims(
    const json& claims, const std::map<std::string, std::string>& mappings) {
  std::map<std::string, std::string> metadata;
  for (const auto& [claim, key] : mappings) {
    const json* value = FindClaim(claims, claim);
    if (value != nullptr && value->is_string()) {
      metadata[key] = value->get<std::string>();
    }
  }
  return metadata;
}

// Groups as a list of texts, or one text; nothing to check without a name.
Status CheckGroups(const json& claims, const std::string& name) {
  if (name.empty()) return {};
  const json* groups = FindClaim(claims, name);
  if (groups == nullptr) {
    return Refuse("failed to fetch groups: \"" + name +
                  "\" claim not found in token");
  }
  const json items = groups->is_array() ? *groups : json::array({*groups});
  for (const json& item : items) {
    if (!item.is_string()) {
      return Refuse("value in groups claim could not be parsed as string");
    }
  }
  return {};
}

}  // namespace

Reply JwtAuth::HandleConfig(const Request& request) {
  if (request.operation == Operation::kRead) {
    if (!config_) return NotFound();
    return WithData({{"jwt_validation_pubkeys", config_->pems},
                     {"bound_issuer", config_->bound_issuer},
                     {"default_role", config_->default_role},
                     {"jwt_supported_algs", json::array()},
                     {"jwks_url", ""},
                     {"jwks_ca_pem", ""},
                     {"oidc_discovery_url", ""},
                     {"provider_config", json::object()}});
  }
  if (!request.writes()) return UnsupportedOperation();
  Config config;
  Fields fields(request.body);
  fields.Read("jwt_validation_pubkeys", config.pems)
      .Read("bound_issuer", config.bound_issuer)
      .Read("default_role", config.default_role);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (config.pems.empty()) {
    return Refused(400,
                   "exactly one of 'jwt_validation_pubkeys', 'jwks_url', "
                   "'jwks_pairs' or 'oidc_discovery_url' must be set");
  }
  if (config.pems.size() > kMaxKeys) return Refused(400, "too many keys");
  for (const std::string& pem : config.pems) {
    auto key = JwsKey::FromPem(pem);
    if (!key) {
      return Refused(400, "error parsing public key: " + key.error().message);
    }
    config.keys.push_back(*std::move(key));
  }
  config_ = std::move(config);
  return NoContent();
}

json JwtAuth::Show(const JwtRole& role) const {
  json data{{"role_type", "jwt"},
            {"bound_audiences", OrNull(role.bound_audiences)},
            {"bound_subject", role.bound_subject},
            {"bound_claims", role.bound_claims},
            {"bound_claims_type", role.glob ? "glob" : "string"},
            {"user_claim", role.user_claim},
            {"user_claim_json_pointer", false},
            {"groups_claim", role.groups_claim},
            {"claim_mappings",
             role.claim_mappings.empty() ? json() : json(role.claim_mappings)},
            {"clock_skew_leeway", role.leeways.clock_skew},
            {"expiration_leeway", role.leeways.expiration},
            {"not_before_leeway", role.leeways.not_before},
            {"allowed_redirect_uris", nullptr},
            {"oidc_scopes", nullptr},
            {"max_age", 0},
            {"verbose_oidc_logging", false}};
  role.tokens.Show(data);
  return data;
}

// Whom the role is for: the claims and the kind of comparison.
Status JwtAuth::ReadBinding(const json& body, JwtRole& role) {
  std::string type;
  std::string claims_type = role.glob ? "glob" : "string";
  Fields fields(body);
  fields.Read("role_type", type)
      .Read("bound_claims_type", claims_type)
      .Read("bound_audiences", role.bound_audiences)
      .Read("bound_subject", role.bound_subject)
      .Read("user_claim", role.user_claim)
      .Read("groups_claim", role.groups_claim)
      .Read("claim_mappings", role.claim_mappings)
      .ReadSignedSeconds("clock_skew_leeway", role.leeways.clock_skew)
      .ReadSignedSeconds("expiration_leeway", role.leeways.expiration)
      .ReadSignedSeconds("not_before_leeway", role.leeways.not_before);
  if (!fields.status()) return Fail(fields.status().error());
  if (type.empty() || type == "oidc") {
    return Refuse(
        "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or "
        "unspecified.");
  }
  if (type != "jwt") return Refuse("invalid 'role_type': " + type);
  if (claims_type != "string" && claims_type != "glob") {
    return Refuse("invalid 'bound_claims_type': " + claims_type);
  }
  role.glob = claims_type == "glob";
  const auto bound = body.find("bound_claims");
  if (bound == body.end()) return {};
  if (!bound->is_object() && !bound->is_null()) {
    return Refuse(
        "error converting input for field \"bound_claims\": expected a map");
  }
  role.bound_claims = bound->empty() ? json() : *bound;
  return role.glob ? CheckGlobs(role.bound_claims) : Status();
}

Reply JwtAuth::WriteRole(const Request& request, const std::string& name) {
  const auto known = roles_.find(name);
  JwtRole role = known == roles_.end() ? JwtRole() : known->second;
  if (const Status read = role.tokens.Read(request.body); !read) {
    return RefusedBy(read.error());
  }
  if (const Status read = ReadBinding(request.body, role); !read) {
    return RefusedBy(read.error());
  }
  if (role.user_claim.empty()) {
    return Refused(400, "a user claim must be defined on the role");
  }
  for (const auto& [claim, key] : role.claim_mappings) {
    if (key != "role") continue;
    return Refused(400,
                   "metadata key \"role\" is reserved and may not be a mapping "
                   "destination");
  }
  if (role.bound_audiences.empty() && role.bound_subject.empty() &&
      role.bound_claims.is_null()) {
    return Refused(400,
                   "must have at least one bound constraint when "
                   "creating/updating a role");
  }
  if (known == roles_.end() && roles_.size() >= kMaxRoles) {
    return Refused(413, "too many roles");
  }
  roles_[name] = std::move(role);
  return NoContent();
}

Status JwtAuth::CheckClaims(const JwtRole& role, const json& claims) const {
  if (const Status times = CheckTimes(claims, clock_.Now(), role.leeways);
      !times) {
    return Invalid(times.error().message);
  }
  if (!IsText(claims, "iss", config_->bound_issuer)) {
    return Invalid("invalid issuer (iss) claim");
  }
  if (!IsText(claims, "sub", role.bound_subject)) {
    return Invalid("invalid subject (sub) claim");
  }
  const auto audiences = AudiencesOf(claims);
  if (role.bound_audiences.empty() && !audiences.empty()) {
    return Refuse(
        "audience claim found in JWT but no audiences bound to the role");
  }
  if (!role.bound_audiences.empty() &&
      !AnyInCommon(audiences, role.bound_audiences)) {
    return Invalid(
        "invalid audience (aud) claim: audience claim does not match any "
        "expected audience");
  }
  const Status bound = CheckBoundClaims(claims, role.bound_claims, role.glob);
  return bound ? CheckGroups(claims, role.groups_claim) : bound;
}

Reply JwtAuth::Login(const Request& request) {
  std::string name;
  std::string jwt;
  Fields(request.body).Read("role", name).Read("jwt", jwt);
  if (!config_) return Refused(400, "could not load configuration");
  if (name.empty()) name = config_->default_role;
  if (name.empty()) return Refused(400, "missing role");
  const auto found = roles_.find(FoldName(name));
  if (found == roles_.end()) {
    return Refused(400, "role \"" + name + "\" could not be found");
  }
  if (jwt.empty()) return Refused(400, "missing token");
  const auto claims = VerifyJws(jwt, config_->keys);
  if (!claims) {
    return Refused(400,
                   "error validating token: error verifying token signature: " +
                       claims.error().message);
  }
  const JwtRole& role = found->second;
  if (const Status good = CheckClaims(role, *claims); !good) {
    return RefusedBy(good.error());
  }
  const json* user = FindClaim(*claims, role.user_claim);
  if (user == nullptr || !user->is_string()) {
    return Refused(400, "claim \"" + role.user_claim + "\" not found in token");
  }
  const auto& alias = user->get_ref<const std::string&>();
  return LogIn(tokens_, role.tokens,
               {mount_, found->first, alias, alias,
                MappedClaims(*claims, role.claim_mappings)});
}

}  // namespace claviger::dev
