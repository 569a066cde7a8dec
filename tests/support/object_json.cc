// SPDX-License-Identifier: Apache-2.0
#include "support/object_json.h"

#include <nlohmann/json.hpp>

namespace claviger::testing {
namespace {

using nlohmann::json;

json Object(const char* kind, const model::Metadata& metadata, json spec) {
  json object{{"apiVersion", "claviger.io/v1alpha1"},
              {"kind", kind},
              {"metadata", {{"name", metadata.name}}},
              {"spec", std::move(spec)}};
  if (!metadata.ns.empty()) object["metadata"]["namespace"] = metadata.ns;
  return object;
}

template <typename T>
void Put(json& out, const char* key, const T& value) {
  if (!value.empty()) out[key] = value;
}

json Json(const model::Subject& subject) {
  json out{{"kind", ToString(subject.kind)}};
  Put(out, "namespace", subject.ns);
  Put(out, "name", subject.name);
  return out;
}

json Json(const std::vector<model::Subject>& subjects) {
  json out = json::array();
  for (const model::Subject& subject : subjects) out.push_back(Json(subject));
  return out;
}

json Json(const model::VaultRef& ref) {
  json out{{"engine", ToString(ref.engine)}, {"mount", ref.mount}};
  Put(out, "path", ref.path);
  Put(out, "role", ref.role);
  Put(out, "keys", ref.keys);
  if (ref.version) out["version"] = *ref.version;
  return out;
}

json Json(const model::Endpoint& endpoint) {
  json out{{"insecure", endpoint.insecure}};
  Put(out, "url", endpoint.url);
  Put(out, "host", endpoint.host);
  Put(out, "hosts", endpoint.hosts);
  Put(out, "database", endpoint.database);
  Put(out, "methods", endpoint.methods);
  Put(out, "pathPrefixes", endpoint.path_prefixes);
  Put(out, "parameters", endpoint.parameters);
  if (endpoint.port) out["port"] = *endpoint.port;
  out["tls"]["mode"] = endpoint.tls.mode;
  Put(out["tls"], "caBundle", endpoint.tls.ca_bundle);
  Put(out["tls"], "serverName", endpoint.tls.server_name);
  return out;
}

json Json(const model::Credentials& credentials) {
  json out{{"type", credentials.type},
           {"mode", ToString(credentials.mode)},
           {"allowPersonal", credentials.allow_personal},
           {"onSecretFailure",
            credentials.on_secret_failure == model::OnSecretFailure::kNext
                ? "Next"
                : "Fail"}};
  if (credentials.max_stale) {
    out["maxStale"] = std::to_string(credentials.max_stale->count()) + "s";
  }
  if (credentials.default_slot) {
    out["default"] = {
        {"vault", Json(credentials.default_slot->vault)},
        {"serverSideOnly", credentials.default_slot->server_side_only}};
  }
  return out;
}

json Json(const std::vector<model::Workload>& workloads) {
  json out = json::array();
  for (const model::Workload& workload : workloads) {
    json entry{{"namespace", workload.ns}};
    if (workload.service_accounts) {
      entry["serviceAccounts"] = *workload.service_accounts;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

json Json(const model::PrivilegeSet& privileges) {
  json out = json::array();
  for (const model::Privilege one :
       {model::Privilege::kView, model::Privilege::kUse,
        model::Privilege::kReadSecret, model::Privilege::kShare,
        model::Privilege::kManage}) {
    if (privileges.Has(one)) out.push_back(ToString(one));
  }
  return out;
}

}  // namespace

std::string ObjectJson(const model::Connection& connection) {
  json spec{{"provider", connection.provider},
            {"endpoint", Json(connection.endpoint)},
            {"credentials", Json(connection.credentials)},
            {"serverSideOnly", connection.server_side_only}};
  spec["sharing"]["mode"] = ToString(connection.sharing.mode);
  Put(spec["sharing"], "groups", connection.sharing.groups);
  if (connection.owner) spec["owner"] = Json(*connection.owner);
  if (connection.workloads) spec["workloads"] = Json(*connection.workloads);
  spec["secretReaders"] =
      connection.secret_readers == model::SecretReaders::kUsers ? "Users"
                                                                : "Granted";
  spec["deletionPolicy"] =
      connection.deletion_policy == model::DeletionPolicy::kRevoke ? "Revoke"
                                                                   : "Block";
  return Object("Connection", connection.metadata, std::move(spec)).dump();
}

std::string ObjectJson(const model::Grant& grant) {
  json spec{{"connection", grant.connection},
            {"subjects", Json(grant.subjects)},
            {"effect", grant.effect == model::Effect::kDeny ? "Deny" : "Allow"},
            {"privileges", Json(grant.privileges)},
            {"suspended", grant.suspended}};
  if (grant.credential) {
    spec["credential"] = {
        {"vault", Json(grant.credential->vault)},
        {"priority", grant.credential->priority},
        {"serverSideOnly", grant.credential->server_side_only}};
  }
  const model::Window& window = grant.window;
  if (window.not_before) spec["notBefore"] = FormatRfc3339(*window.not_before);
  if (window.expires_at) spec["expiresAt"] = FormatRfc3339(*window.expires_at);
  Put(spec, "reason", grant.reason);
  return Object("Grant", grant.metadata, std::move(spec)).dump();
}

std::string ObjectJson(const model::Group& group) {
  json spec{{"members", Json(group.members)}, {"admins", Json(group.admins)}};
  if (group.claim) {
    spec["claim"] = {{"name", group.claim->name},
                     {"value", group.claim->value}};
  }
  return Object("Group", group.metadata, std::move(spec)).dump();
}

}  // namespace claviger::testing
