// SPDX-License-Identifier: Apache-2.0
//
// Writes a bindings document as JSON. Times are milliseconds since 1970, so
// that a window means the same here as in the objects; what is absent or the
// default is left out.
#include "access/bindings_document.h"
#include "access/json_writer.h"

namespace claviger::access {
namespace {

// The keys of each object stand sorted below: Vault gives them back so, and
// the digest of what is read must be that of what was written.

void Append(const model::VaultRef& ref, std::string& out) {
  JsonObject object(out);
  object.Text("engine", ToString(ref.engine));
  if (!ref.keys.empty()) object.TextMap("keys", ref.keys);
  object.Text("mount", ref.mount);
  if (UsesPath(ref.engine)) {
    object.Text("path", ref.path);
  } else {
    object.Text("role", ref.role);
  }
  if (ref.version) object.Number("version", *ref.version);
  object.Close();
}

void Append(const Slot& slot, std::string& out) {
  JsonObject object(out);
  if (slot.priority != 0) object.Number("priority", slot.priority);
  object.FlagIfSet("serverSideOnly", slot.server_side_only);
  Append(slot.vault, object.Value("vault"));
  object.Close();
}

void Append(const model::Tls& tls, std::string& out) {
  JsonObject object(out);
  object.TextIfAny("caBundle", tls.ca_bundle);
  object.Text("mode", tls.mode);
  object.TextIfAny("serverName", tls.server_name);
  object.Close();
}

void Append(const model::Endpoint& endpoint, std::string& out) {
  JsonObject object(out);
  const auto texts = [&](const char* key,
                         const std::vector<std::string>& values) {
    if (!values.empty()) object.Texts(key, values);
  };
  object.TextIfAny("database", endpoint.database);
  object.TextIfAny("host", endpoint.host);
  texts("hosts", endpoint.hosts);
  object.FlagIfSet("insecure", endpoint.insecure);
  texts("methods", endpoint.methods);
  if (!endpoint.parameters.empty()) {
    object.TextMap("parameters", endpoint.parameters);
  }
  texts("pathPrefixes", endpoint.path_prefixes);
  if (endpoint.port) object.Number("port", *endpoint.port);
  Append(endpoint.tls, object.Value("tls"));
  object.TextIfAny("url", endpoint.url);
  object.Close();
}

std::vector<std::string> NamesOf(const model::PrivilegeSet& privileges) {
  std::vector<std::string> names;
  for (const model::Privilege privilege :
       {model::Privilege::kView, model::Privilege::kUse,
        model::Privilege::kReadSecret, model::Privilege::kShare,
        model::Privilege::kManage}) {
    if (privileges.Has(privilege)) names.emplace_back(ToString(privilege));
  }
  return names;
}

void Append(const GrantEntry& grant, std::string& out) {
  JsonObject object(out);
  const auto time = [&](const char* key, const std::optional<Time>& value) {
    if (value) object.Number(key, value->time_since_epoch().count());
  };
  object.FlagIfSet("deny", grant.effect == model::Effect::kDeny);
  if (grant.depth) object.Number("depth", *grant.depth);
  time("expiresAt", grant.window.expires_at);
  object.Text("name", grant.name);
  time("notBefore", grant.window.not_before);
  object.Texts("privileges", NamesOf(grant.privileges));
  if (grant.slot) Append(*grant.slot, object.Value("slot"));
  object.Close();
}

void Append(const model::Workload& workload, std::string& out) {
  JsonObject object(out);
  object.Text("namespace", workload.ns);
  if (workload.service_accounts) {
    object.Texts("serviceAccounts", *workload.service_accounts);
  }
  object.Close();
}

void Append(const model::Refusal& refusal, std::string& out) {
  JsonObject object(out);
  object.Text("detail", refusal.detail);
  object.Text("fix", refusal.fix);
  object.Text("reason", refusal.reason);
  object.Close();
}

void Append(const ClaimGroup& group, std::string& out) {
  JsonObject object(out);
  object.Text("claim", group.claim.name);
  object.Text("group", group.group);
  object.Text("value", group.claim.value);
  object.Close();
}

template <typename Items>
void AppendAll(const Items& items, std::string& out) {
  AppendJsonArray(
      items, [](const auto& item, std::string& to) { Append(item, to); }, out);
}

void Append(const Binding& binding, std::string& out) {
  const ConnectionFacts& facts = *binding.facts;
  JsonObject object(out);
  object.Text("credentialType", facts.credential_type);
  if (facts.default_slot) Append(*facts.default_slot, object.Value("default"));
  Append(facts.endpoint, object.Value("endpoint"));
  if (!binding.grants.empty()) {
    AppendAll(binding.grants, object.Value("grants"));
  }
  object.Flag("injectable", facts.injectable);
  if (facts.max_stale) {
    object.Number("maxStaleSeconds", facts.max_stale->count());
  }
  object.Text("mode", ToString(facts.mode));
  object.Text("name", facts.ref.name);
  object.Text("namespace", facts.ref.ns);
  if (facts.on_secret_failure == model::OnSecretFailure::kNext) {
    object.Text("onSecretFailure", "Next");
  }
  object.FlagIfSet("owner", binding.owner);
  object.Flag("personal", facts.personal_allowed);
  object.Text("provider", facts.provider);
  if (facts.refused) Append(*facts.refused, object.Value("refused"));
  if (facts.secret_readers == model::SecretReaders::kUsers) {
    object.Text("secretReaders", "Users");
  }
  object.Flag("serverSideOnly", facts.server_side_only);
  object.FlagIfSet("shared", binding.shared);
  object.Text("sharing", ToString(facts.sharing));
  object.Text("uid", facts.uid);
  if (facts.workloads) AppendAll(*facts.workloads, object.Value("workloads"));
  object.Close();
}

std::string PartText(const BindingsDocument& document, int part, int parts,
                     const std::string& bindings,
                     const std::string& claim_groups) {
  // The bindings are already text: put together by hand, so that no part is
  // ever serialized twice.
  std::string text = "{";
  if (part == 0 && !document.account.empty()) {
    text += "\"account\":";
    AppendJsonText(document.account, text);
    text += ',';
  }
  text += "\"bindings\":[" + bindings + "]";
  if (!claim_groups.empty()) text += ",\"claimGroups\":" + claim_groups;
  text += ",\"format\":" + std::to_string(kBindingsFormat) +
          ",\"part\":" + std::to_string(part) +
          ",\"parts\":" + std::to_string(parts) + ",\"principal\":";
  AppendJsonText(document.principal, text);
  return text + "}";
}

std::string EncodeClaimGroups(const std::vector<ClaimGroup>& groups) {
  std::string text;
  if (!groups.empty()) AppendAll(groups, text);
  return text;
}

}  // namespace

std::vector<std::string> EncodeBindings(const BindingsDocument& document,
                                        size_t max_part_bytes) {
  const std::string groups = EncodeClaimGroups(document.claim_groups);
  // Room for what surrounds the bindings of a part.
  const size_t frame =
      256 + document.principal.size() + document.account.size();
  std::vector<std::string> chunks(1);
  size_t used = frame + groups.size();
  for (const Binding& binding : document.bindings) {
    std::string text;
    Append(binding, text);
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
