// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of a bindings document. Times are milliseconds since 1970, so
// that a window means the same here as in the objects; what is absent or the
// default is left out.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "access/bindings_document.h"
#include "access/json_reader.h"
#include "base/json.h"

namespace claviger::access {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr int kMaxParts = 64;

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

// --- reading ---

model::VaultRef ReadVaultRef(JsonReader in) {
  model::VaultRef ref;
  const auto engine = model::ParseEngine(in.Text("engine"));
  if (!engine) in.Refuse("engine", "unknown engine");
  ref.engine = engine.value_or(model::Engine::kKv2);
  ref.mount = in.Text("mount");
  if (UsesPath(ref.engine)) {
    ref.path = in.Text("path");
  } else {
    ref.role = in.Text("role");
  }
  if (in.Has("version")) ref.version = static_cast<int>(in.Number("version"));
  ref.keys = in.TextMap("keys");
  return ref;
}

Slot ReadSlot(JsonReader in) {
  Slot slot;
  slot.vault = ReadVaultRef(in.Object("vault"));
  slot.priority = static_cast<int>(in.NumberOr("priority", 0));
  slot.server_side_only = in.Flag("serverSideOnly");
  return slot;
}

model::Endpoint ReadEndpoint(JsonReader in) {
  model::Endpoint endpoint;
  endpoint.url = in.TextOr("url", "");
  endpoint.host = in.TextOr("host", "");
  if (in.Has("port")) endpoint.port = static_cast<int>(in.Number("port"));
  endpoint.hosts = in.Texts("hosts");
  endpoint.database = in.TextOr("database", "");
  endpoint.insecure = in.Flag("insecure");
  endpoint.methods = in.Texts("methods");
  endpoint.path_prefixes = in.Texts("pathPrefixes");
  endpoint.parameters = in.TextMap("parameters");
  JsonReader tls = in.Object("tls");
  endpoint.tls.mode = tls.Text("mode");
  endpoint.tls.ca_bundle = tls.TextOr("caBundle", "");
  endpoint.tls.server_name = tls.TextOr("serverName", "");
  return endpoint;
}

std::optional<Time> ReadTime(JsonReader& in, const char* key) {
  if (!in.Has(key)) return std::nullopt;
  return Time(std::chrono::milliseconds(in.Number(key)));
}

GrantEntry ReadGrant(JsonReader in) {
  GrantEntry grant;
  grant.name = in.Text("name");
  if (in.Flag("deny")) grant.effect = model::Effect::kDeny;
  for (const std::string& text : in.Texts("privileges")) {
    const auto privilege = model::ParsePrivilege(text);
    if (!privilege) {
      in.Refuse("privileges", "unknown privilege");
      continue;
    }
    grant.privileges.Add(*privilege);
  }
  if (in.Has("depth")) grant.depth = static_cast<int>(in.Number("depth"));
  grant.window.not_before = ReadTime(in, "notBefore");
  grant.window.expires_at = ReadTime(in, "expiresAt");
  if (in.Has("slot")) grant.slot = ReadSlot(in.Object("slot"));
  return grant;
}

// An unknown mode is an error, never a default: a default could be wider.
template <typename Enum>
Enum ReadEnum(JsonReader& in, const char* key,
              std::initializer_list<Enum> values) {
  const std::string text = in.Text(key);
  for (const Enum value : values) {
    if (ToString(value) == text) return value;
  }
  in.Refuse(key, "unknown value");
  return *values.begin();
}

std::vector<model::Workload> ReadWorkloads(JsonReader& in) {
  std::vector<model::Workload> workloads;
  for (JsonReader entry : in.Objects("workloads")) {
    model::Workload workload;
    workload.ns = entry.Text("namespace");
    if (entry.Has("serviceAccounts")) {
      workload.service_accounts = entry.Texts("serviceAccounts");
    }
    workloads.push_back(std::move(workload));
  }
  return workloads;
}

std::shared_ptr<const ConnectionFacts> ReadFacts(JsonReader& in) {
  auto facts = std::make_shared<ConnectionFacts>();
  facts->ref = {in.Text("namespace"), in.Text("name")};
  facts->uid = in.Text("uid");
  facts->provider = in.Text("provider");
  facts->endpoint = ReadEndpoint(in.Object("endpoint"));
  facts->credential_type = in.Text("credentialType");
  facts->sharing = ReadEnum(
      in, "sharing",
      {model::SharingMode::kPrivate, model::SharingMode::kOrganization,
       model::SharingMode::kGroups, model::SharingMode::kViewerCredentials});
  facts->mode =
      ReadEnum(in, "mode",
               {model::CredentialMode::kPerUser, model::CredentialMode::kGlobal,
                model::CredentialMode::kLayered});
  facts->personal_allowed = in.Flag("personal");
  facts->server_side_only = in.FlagOr("serverSideOnly", true);
  facts->injectable = in.Flag("injectable");
  if (in.TextOr("secretReaders", "Granted") == "Users") {
    facts->secret_readers = model::SecretReaders::kUsers;
  }
  if (in.TextOr("onSecretFailure", "Fail") == "Next") {
    facts->on_secret_failure = model::OnSecretFailure::kNext;
  }
  if (in.Has("workloads")) facts->workloads = ReadWorkloads(in);
  if (in.Has("default")) facts->default_slot = ReadSlot(in.Object("default"));
  if (in.Has("refused")) {
    JsonReader refused = in.Object("refused");
    facts->refused =
        model::Refusal{refused.Text("reason"), refused.Text("detail"),
                       refused.TextOr("fix", "")};
  }
  return facts;
}

Binding ReadBinding(JsonReader in) {
  Binding binding;
  binding.facts = ReadFacts(in);
  binding.owner = in.Flag("owner");
  binding.shared = in.Flag("shared");
  for (JsonReader grant : in.Objects("grants")) {
    binding.grants.push_back(ReadGrant(grant));
  }
  return binding;
}

bool ByRef(const Binding& a, const Binding& b) {
  return a.facts->ref < b.facts->ref;
}

std::string PartText(const BindingsDocument& document, int part, int parts,
                     const std::string& bindings,
                     const std::string& claim_groups) {
  // The bindings are already text: put together by hand, so that no part is
  // ever serialized twice.
  std::string text = "{\"format\":" + std::to_string(kFormat) +
                     ",\"principal\":" + DumpJson(json(document.principal)) +
                     ",\"part\":" + std::to_string(part) +
                     ",\"parts\":" + std::to_string(parts);
  if (!claim_groups.empty()) text += ",\"claimGroups\":" + claim_groups;
  return text + ",\"bindings\":[" + bindings + "]}";
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

Result<int> CountParts(std::string_view first_part) {
  const Result<json> parsed = ParseJson(first_part);
  if (!parsed) return Fail(parsed.error(), "read bindings");
  JsonErrors errors;
  JsonReader in(*parsed, "bindings", errors);
  const int64_t parts = in.Number("parts");
  if (parts < 1 || parts > kMaxParts) in.Refuse("parts", "out of range");
  if (!errors.empty()) return Fail(ErrorCode::kMalformed, errors.front());
  return static_cast<int>(parts);
}

Result<BindingsDocument> DecodeBindings(const std::vector<std::string>& parts) {
  BindingsDocument document;
  if (parts.empty() || parts.size() > kMaxParts) {
    return Fail(ErrorCode::kMalformed, "bindings have 1 to 64 parts");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const Result<json> parsed = ParseJson(parts[i]);
    if (!parsed) return Fail(parsed.error(), "read bindings");
    JsonErrors errors;
    JsonReader in(*parsed, "bindings", errors);
    if (in.Number("format") != kFormat) in.Refuse("format", "unknown format");
    if (in.Number("part") != static_cast<int64_t>(i) ||
        in.Number("parts") != static_cast<int64_t>(parts.size())) {
      in.Refuse("part", "not the part that was expected");
    }
    const std::string principal = in.Text("principal");
    if (i > 0 && principal != document.principal) {
      in.Refuse("principal", "differs between parts");
    }
    document.principal = principal;
    for (JsonReader group : in.Objects("claimGroups")) {
      document.claim_groups.push_back(
          {group.Text("group"), {group.Text("claim"), group.Text("value")}});
    }
    for (JsonReader binding : in.Objects("bindings")) {
      document.bindings.push_back(ReadBinding(binding));
    }
    if (!errors.empty()) return Fail(ErrorCode::kMalformed, errors.front());
  }
  std::sort(document.bindings.begin(), document.bindings.end(), ByRef);
  return document;
}

std::vector<Binding> MergeDocuments(
    const std::vector<const BindingsDocument*>& documents) {
  std::map<model::ObjectRef, Binding> merged;
  for (const BindingsDocument* document : documents) {
    for (const Binding& binding : document->bindings) {
      const auto [held, fresh] =
          merged.try_emplace(binding.facts->ref, binding);
      if (!fresh) Merge(held->second, binding);
    }
  }
  std::vector<Binding> out;
  out.reserve(merged.size());
  for (auto& [ref, binding] : merged) out.push_back(std::move(binding));
  return out;
}

const Binding* FindBinding(const std::vector<Binding>& bindings,
                           const model::ObjectRef& connection) {
  const auto found =
      std::lower_bound(bindings.begin(), bindings.end(), connection,
                       [](const Binding& binding, const model::ObjectRef& ref) {
                         return binding.facts->ref < ref;
                       });
  if (found == bindings.end() || found->facts->ref != connection) {
    return nullptr;
  }
  return &*found;
}

std::vector<std::string> SatisfiedClaimGroups(const BindingsDocument& document,
                                              const Claims& claims) {
  std::vector<std::string> groups;
  for (const ClaimGroup& group : document.claim_groups) {
    const auto claim = claims.find(group.claim.name);
    if (claim == claims.end()) continue;
    const auto& values = claim->second;
    if (std::find(values.begin(), values.end(), group.claim.value) !=
        values.end()) {
      groups.push_back(group.group);
    }
  }
  return groups;
}

}  // namespace claviger::access
