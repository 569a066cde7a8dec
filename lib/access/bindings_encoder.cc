// SPDX-License-Identifier: Apache-2.0
//
// Writes a bindings document as JSON. Times are milliseconds since 1970, so
// that a window means the same here as in the objects; what is absent or the
// default is left out.
#include <nlohmann/json.hpp>

#include "access/bindings_document.h"
#include "base/json.h"

namespace claviger::access {
namespace {

using nlohmann::json;

json Encode(const model::VaultRef& ref) {
  json out = {{"engine", ToString(ref.engine)}, {"mount", ref.mount}};
  if (UsesPath(ref.engine)) {
    out["path"] = ref.path;
  } else {
    out["role"] = ref.role;
  }
  if (ref.version) out["version"] = *ref.version;
  if (!ref.keys.empty()) out["keys"] = ref.keys;
  return out;
}

json Encode(const Slot& slot) {
  json out = {{"vault", Encode(slot.vault)}};
  if (slot.priority != 0) out["priority"] = slot.priority;
  if (slot.server_side_only) out["serverSideOnly"] = true;
  return out;
}

json Encode(const model::Endpoint& endpoint) {
  json out = json::object();
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  text("url", endpoint.url);
  text("host", endpoint.host);
  if (endpoint.port) out["port"] = *endpoint.port;
  if (!endpoint.hosts.empty()) out["hosts"] = endpoint.hosts;
  text("database", endpoint.database);
  if (endpoint.insecure) out["insecure"] = true;
  if (!endpoint.methods.empty()) out["methods"] = endpoint.methods;
  if (!endpoint.path_prefixes.empty()) {
    out["pathPrefixes"] = endpoint.path_prefixes;
  }
  if (!endpoint.parameters.empty()) out["parameters"] = endpoint.parameters;
  json tls = {{"mode", endpoint.tls.mode}};
  if (!endpoint.tls.ca_bundle.empty()) {
    tls["caBundle"] = endpoint.tls.ca_bundle;
  }
  if (!endpoint.tls.server_name.empty()) {
    tls["serverName"] = endpoint.tls.server_name;
  }
  out["tls"] = std::move(tls);
  return out;
}

json Encode(const GrantEntry& grant) {
  json out = {{"name", grant.name}};
  if (grant.effect == model::Effect::kDeny) out["deny"] = true;
  json privileges = json::array();
  for (const model::Privilege privilege :
       {model::Privilege::kView, model::Privilege::kUse,
        model::Privilege::kReadSecret, model::Privilege::kShare,
        model::Privilege::kManage}) {
    if (grant.privileges.Has(privilege)) {
      privileges.push_back(ToString(privilege));
    }
  }
  out["privileges"] = std::move(privileges);
  if (grant.depth) out["depth"] = *grant.depth;
  if (grant.window.not_before) {
    out["notBefore"] = grant.window.not_before->time_since_epoch().count();
  }
  if (grant.window.expires_at) {
    out["expiresAt"] = grant.window.expires_at->time_since_epoch().count();
  }
  if (grant.slot) out["slot"] = Encode(*grant.slot);
  return out;
}

json EncodeWorkloads(const std::vector<model::Workload>& workloads) {
  json out = json::array();
  for (const model::Workload& workload : workloads) {
    json entry = {{"namespace", workload.ns}};
    if (workload.service_accounts) {
      entry["serviceAccounts"] = *workload.service_accounts;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

json EncodeFacts(const ConnectionFacts& facts) {
  json out = {{"namespace", facts.ref.ns},
              {"name", facts.ref.name},
              {"uid", facts.uid},
              {"provider", facts.provider},
              {"endpoint", Encode(facts.endpoint)},
              {"credentialType", facts.credential_type},
              {"sharing", ToString(facts.sharing)},
              {"mode", ToString(facts.mode)},
              {"personal", facts.personal_allowed},
              {"serverSideOnly", facts.server_side_only},
              {"injectable", facts.injectable}};
  if (facts.secret_readers == model::SecretReaders::kUsers) {
    out["secretReaders"] = "Users";
  }
  if (facts.on_secret_failure == model::OnSecretFailure::kNext) {
    out["onSecretFailure"] = "Next";
  }
  if (facts.max_stale) out["maxStaleSeconds"] = facts.max_stale->count();
  if (facts.workloads) out["workloads"] = EncodeWorkloads(*facts.workloads);
  if (facts.default_slot) out["default"] = Encode(*facts.default_slot);
  if (facts.refused) {
    out["refused"] = {{"reason", facts.refused->reason},
                      {"detail", facts.refused->detail},
                      {"fix", facts.refused->fix}};
  }
  return out;
}

json Encode(const Binding& binding) {
  json out = EncodeFacts(*binding.facts);
  if (binding.owner) out["owner"] = true;
  if (binding.shared) out["shared"] = true;
  if (!binding.grants.empty()) {
    json grants = json::array();
    for (const GrantEntry& grant : binding.grants) {
      grants.push_back(Encode(grant));
    }
    out["grants"] = std::move(grants);
  }
  return out;
}

std::string PartText(const BindingsDocument& document, int part, int parts,
                     const std::string& bindings,
                     const std::string& claim_groups) {
  // The bindings are already text: put together by hand, so that no part is
  // ever serialized twice. Keys in order, as everywhere else: Vault gives them
  // back so, and the digest of what is read must be that of what was written.
  std::string text = "{\"bindings\":[" + bindings + "]";
  if (!claim_groups.empty()) text += ",\"claimGroups\":" + claim_groups;
  return text + ",\"format\":" + std::to_string(kBindingsFormat) +
         ",\"part\":" + std::to_string(part) +
         ",\"parts\":" + std::to_string(parts) +
         ",\"principal\":" + DumpJson(json(document.principal)) + "}";
}

std::string EncodeClaimGroups(const std::vector<ClaimGroup>& groups) {
  if (groups.empty()) return "";
  json out = json::array();
  for (const ClaimGroup& group : groups) {
    out.push_back({{"group", group.group},
                   {"claim", group.claim.name},
                   {"value", group.claim.value}});
  }
  return DumpJson(out);
}

}  // namespace

std::vector<std::string> EncodeBindings(const BindingsDocument& document,
                                        size_t max_part_bytes) {
  const std::string groups = EncodeClaimGroups(document.claim_groups);
  // Room for what surrounds the bindings of a part.
  const size_t frame = 256 + document.principal.size();
  std::vector<std::string> chunks(1);
  size_t used = frame + groups.size();
  for (const Binding& binding : document.bindings) {
    const std::string text = DumpJson(Encode(binding));
    if (!chunks.back().empty() && used + text.size() + 1 > max_part_bytes) {
      chunks.emplace_back();
      used = frame;
    }
    if (!chunks.back().empty()) chunks.back() += ",";
    chunks.back() += text;
    used += text.size() + 1;
  }
  std::vector<std::string> parts;
  const int count = static_cast<int>(chunks.size());
  for (int i = 0; i < count; ++i) {
    parts.push_back(PartText(document, i, count, chunks[static_cast<size_t>(i)],
                             i == 0 ? groups : ""));
  }
  return parts;
}

}  // namespace claviger::access
