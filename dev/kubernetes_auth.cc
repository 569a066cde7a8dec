// SPDX-License-Identifier: Apache-2.0
#include "dev/kubernetes_auth.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "dev/claims.h"
#include "dev/fields.h"
#include "dev/policies.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr size_t kMaxRoles = 100'000;
// The API server allows its own tokens none.
constexpr Leeways kNoLeeway{-1, -1, -1};
constexpr std::string_view kUid = "serviceaccount_uid";
constexpr std::string_view kName = "serviceaccount_name";

tl::unexpected<Error> Refuse(std::string why) {
  return Fail(ErrorCode::kInvalidArgument, std::move(why));
}

bool MixesStar(const std::vector<std::string>& items) {
  return items.size() > 1 &&
         std::find(items.begin(), items.end(), "*") != items.end();
}

bool AnyGlob(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](const std::string& pattern) { return MatchesGlob(pattern, text); });
}

std::string TextAt(const json& claims, const std::string& pointer) {
  const json* found = FindClaim(claims, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>()
                                                : "";
}

}  // namespace

std::optional<KubernetesAuth::ServiceAccount> KubernetesAuth::AccountOf(
    const json& claims) {
  ServiceAccount account{TextAt(claims, "/kubernetes.io/namespace"),
                         TextAt(claims, "/kubernetes.io/serviceaccount/name"),
                         TextAt(claims, "/kubernetes.io/serviceaccount/uid")};
  if (account.ns.empty() || account.name.empty()) return std::nullopt;
  return account;
}

Reply KubernetesAuth::HandleConfig(const Request& request) {
  if (request.operation == Operation::kRead) {
    if (!config_) return NotFound();
    return WithData(
        {{"kubernetes_host", config_->host},
         {"kubernetes_ca_cert", config_->ca_cert},
         {"issuer", config_->issuer},
         {"pem_keys", config_->pem_keys},
         {"disable_local_ca_jwt", config_->disable_local_ca_jwt},
         {"disable_iss_validation", config_->disable_iss_validation},
         {"token_reviewer_jwt_set", config_->reviewer_jwt_set},
         {"use_annotations_as_alias_metadata", false}});
  }
  if (!request.writes()) return UnsupportedOperation();
  Config config;
  std::string reviewer;
  Fields fields(request.body);
  fields.Read("kubernetes_host", config.host)
      .Read("kubernetes_ca_cert", config.ca_cert)
      .Read("issuer", config.issuer)
      .Read("pem_keys", config.pem_keys)
      .Read("disable_local_ca_jwt", config.disable_local_ca_jwt)
      .Read("disable_iss_validation", config.disable_iss_validation)
      .Read("token_reviewer_jwt", reviewer);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (config.host.empty()) return Refused(400, "no host provided");
  if (!config.ca_cert.empty() &&
      config.ca_cert.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return Refused(400,
                   "The provided CA PEM data contains no valid certificates");
  }
  config.reviewer_jwt_set = !reviewer.empty();
  config_ = std::move(config);
  return NoContent();
}

json KubernetesAuth::Show(const KubernetesRole& role) const {
  json data{{"bound_service_account_names", role.names},
            {"bound_service_account_namespaces", role.namespaces},
            {"bound_service_account_namespace_selector", ""},
            {"alias_name_source", role.alias_source}};
  if (!role.audience.empty()) data["audience"] = role.audience;
  role.tokens.Show(data);
  return data;
}

Status KubernetesAuth::Check(const KubernetesRole& role) {
  if (role.names.empty()) {
    return Refuse("\"bound_service_account_names\" can not be empty");
  }
  if (role.namespaces.empty()) {
    return Refuse(
        "\"bound_service_account_namespaces\" can not be empty if "
        "\"bound_service_account_namespace_selector\" is not set");
  }
  if (MixesStar(role.names) || MixesStar(role.namespaces)) {
    return Refuse("can not mix \"*\" with values");
  }
  if (role.alias_source != kUid && role.alias_source != kName) {
    return Refuse(
        "invalid alias_name_source, must be one of: serviceaccount_uid, "
        "serviceaccount_name");
  }
  return {};
}

Reply KubernetesAuth::WriteRole(const Request& request,
                                const std::string& name) {
  const auto known = roles_.find(name);
  KubernetesRole role =
      known == roles_.end() ? KubernetesRole() : known->second;
  if (const Status read = role.tokens.Read(request.body); !read) {
    return RefusedBy(read.error());
  }
  Fields fields(request.body);
  fields.Read("bound_service_account_names", role.names)
      .Read("bound_service_account_namespaces", role.namespaces)
      .Read("audience", role.audience)
      .Read("alias_name_source", role.alias_source);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (const Status good = Check(role); !good) return RefusedBy(good.error());
  if (known == roles_.end() && roles_.size() >= kMaxRoles) {
    return Refused(413, "too many roles");
  }
  const bool warn = role.audience.empty();
  roles_[name] = std::move(role);
  if (!warn) return NoContent();
  Reply reply;
  reply.warnings = {"Role " + name + " does not have an audience configured."};
  return reply;
}

Status KubernetesAuth::Authorise(const KubernetesRole& role,
                                 const ServiceAccount& account,
                                 const json& claims) const {
  Status times = CheckTimes(claims, clock_.Now(), kNoLeeway);
  if (!times) return times;
  if (!role.audience.empty() &&
      !AnyInCommon(AudiencesOf(claims), {role.audience})) {
    return Refuse(
        "invalid audience (aud) claim: audience claim does not match any "
        "expected audience");
  }
  if (!AnyGlob(role.namespaces, account.ns)) {
    return Refuse("namespace not authorized");
  }
  if (!AnyGlob(role.names, account.name)) {
    return Refuse("service account name not authorized");
  }
  return {};
}

Reply KubernetesAuth::Login(const Request& request) {
  std::string name;
  std::string jwt;
  Fields(request.body).Read("role", name).Read("jwt", jwt);
  if (name.empty()) return Refused(400, "missing role");
  if (jwt.empty()) return Refused(400, "missing jwt");
  const auto found = roles_.find(FoldName(name));
  if (found == roles_.end()) {
    return Refused(400, "invalid role name \"" + name + "\"");
  }
  if (!config_) return Refused(500, "could not load backend configuration");
  const KubernetesRole& role = found->second;
  const auto claims = VerifyJws(jwt, reviewer_);
  const auto account = claims ? AccountOf(*claims) : std::nullopt;
  if (!account) return Refused(403, "permission denied");
  if (const Status good = Authorise(role, *account, *claims); !good) {
    return Refused(403, good.error().message);
  }
  const std::string full = account->ns + "/" + account->name;
  return LogIn(tokens_, role.tokens,
               {mount_,
                found->first,
                role.alias_source == kUid ? account->uid : full,
                account->ns + "-" + account->name,
                {{"service_account_name", account->name},
                 {"service_account_namespace", account->ns},
                 {"service_account_secret_name", ""},
                 {"service_account_uid", account->uid}}});
}

}  // namespace claviger::dev
