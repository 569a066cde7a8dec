// SPDX-License-Identifier: Apache-2.0
//
// Reads a bindings document back from JSON, strictly: what is missing, of the
// wrong type or unknown refuses the whole.
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "access/json_reader.h"
#include "base/json.h"

namespace claviger::access {
namespace {

using nlohmann::json;

constexpr int kMaxParts = 64;
constexpr int kMaxInt = std::numeric_limits<int>::max();

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
  if (in.Has("version")) ref.version = in.NumberIn("version", 1, kMaxInt);
  ref.keys = in.TextMap("keys");
  return ref;
}

Slot ReadSlot(JsonReader in) {
  Slot slot;
  slot.vault = ReadVaultRef(in.Object("vault"));
  if (in.Has("priority")) slot.priority = in.NumberIn("priority", -1000, 1000);
  slot.server_side_only = in.Flag("serverSideOnly");
  return slot;
}

model::Endpoint ReadEndpoint(JsonReader in) {
  model::Endpoint endpoint;
  endpoint.url = in.TextOr("url", "");
  endpoint.host = in.TextOr("host", "");
  if (in.Has("port")) endpoint.port = in.NumberIn("port", 1, 65'535);
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
  if (!in.Has("privileges")) in.Refuse("privileges", "a list is expected");
  for (const std::string& text : in.Texts("privileges")) {
    const auto privilege = model::ParsePrivilege(text);
    if (!privilege) {
      in.Refuse("privileges", "unknown privilege");
      continue;
    }
    grant.privileges.Add(*privilege);
  }
  if (in.Has("depth")) grant.depth = in.NumberIn("depth", 0, kMaxInt);
  grant.window.not_before = ReadTime(in, "notBefore");
  grant.window.expires_at = ReadTime(in, "expiresAt");
  if (in.Has("slot")) {
    grant.slot = std::make_shared<const Slot>(ReadSlot(in.Object("slot")));
  }
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
  if (in.Has("maxStaleSeconds")) {
    facts->max_stale =
        std::chrono::seconds(in.NumberIn("maxStaleSeconds", 1, kMaxInt));
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
    const size_t count = binding.grants.size();
    // Merging goes by this order.
    if (count > 1 &&
        !(binding.grants[count - 2].name < binding.grants[count - 1].name)) {
      in.Refuse("grants", "not in order of their names");
    }
  }
  return binding;
}

// One part: appends to `document`, whose parts before it have been read.
void ReadPart(JsonReader in, size_t part, size_t parts,
              BindingsDocument& document) {
  if (in.Number("format") != kBindingsFormat) {
    in.Refuse("format", "unknown format");
  }
  if (in.Number("part") != static_cast<int64_t>(part) ||
      in.Number("parts") != static_cast<int64_t>(parts)) {
    in.Refuse("part", "not the part that was expected");
  }
  const std::string principal = in.Text("principal");
  if (part > 0 && principal != document.principal) {
    in.Refuse("principal", "differs between parts");
  }
  document.principal = principal;
  if (part == 0) document.account = in.TextOr("account", "");
  for (JsonReader group : in.Objects("claimGroups")) {
    document.claim_groups.push_back(
        {group.Text("group"), {group.Text("claim"), group.Text("value")}});
  }
  // A document that lost its list would have lost its Denies.
  if (!in.Has("bindings")) in.Refuse("bindings", "a list is expected");
  for (JsonReader next : in.Objects("bindings")) {
    Binding binding = ReadBinding(next);
    if (!document.bindings.empty() &&
        !(document.bindings.back().facts->ref < binding.facts->ref)) {
      in.Refuse("bindings", "not in order of namespace and name");
    }
    document.bindings.push_back(std::move(binding));
  }
}

}  // namespace

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
    ReadPart(JsonReader(*parsed, "bindings", errors), i, parts.size(),
             document);
    if (!errors.empty()) return Fail(ErrorCode::kMalformed, errors.front());
  }
  return document;
}

}  // namespace claviger::access
