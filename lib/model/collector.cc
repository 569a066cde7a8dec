// SPDX-License-Identifier: Apache-2.0
#include "model/collector.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/digest.h"
#include "base/names.h"
#include "model/broken_deny.h"
#include "model/decode.h"
#include "model/field_lines.h"
#include "model/json_reader.h"
#include "model/limits.h"
#include "model/text.h"
#include "model/validate.h"
#include "model/yaml_reader.h"

namespace claviger::model {
namespace {

constexpr std::string_view kInjectLabel = "claviger.io/inject";
constexpr std::string_view kListSuffix = "List";

std::string TextOf(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::kScalar ? node->text : "";
}

const Node* FindIn(const Node& root, std::string_view a, std::string_view b) {
  const Node* outer = root.Find(a);
  return outer == nullptr ? nullptr : outer->Find(b);
}

// "Connection sales/warehouse", as far as it can be told.
std::string Describe(const Node& root, const std::string& kind) {
  const std::string ns = TextOf(FindIn(root, "metadata", "namespace"));
  const std::string name = TextOf(FindIn(root, "metadata", "name"));
  std::string text = Printable(kind);
  if (name.empty()) return text;
  text += " ";
  if (!ns.empty()) text += Printable(ns) + "/";
  return text + Printable(name);
}

std::string GroupOf(const std::string& api_version) {
  return api_version.substr(0, api_version.find('/'));
}

bool IsList(std::string_view kind) {
  return kind.size() >= kListSuffix.size() &&
         kind.substr(kind.size() - kListSuffix.size()) == kListSuffix;
}

// Our group, or what was meant to be it: an object that is passed over for a
// typing error there may be a Deny.
bool IsOurs(const std::string& api_version, const std::string& kind) {
  if (api_version.empty()) {
    return kind == "Connection" || kind == "Grant" || kind == "Group";
  }
  const std::string group = GroupOf(api_version);
  return group == kGroupName || group == "claviger" ||
         Nearest(group, {kGroupName}).has_value();
}

void ReportFlaws(const Value& value) {
  const Node& node = value.node();
  if (node.flaw != Flaw::kNone) {
    value.report().UndecodableAt(
        node.key_line > 0 ? node.key_line : node.line, value.Path(),
        std::string(WhatIsWrong(node.flaw)), std::string(HowToFix(node.flaw)));
  }
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = node.children[i];
    ReportFlaws(node.kind == Node::Kind::kSequence ? Value(child, value, i)
                                                   : Value(child, value));
  }
}

void CheckApiVersion(const Value& root, const std::string& api_version) {
  if (api_version == kApiVersion) return;
  const std::string fix = "set apiVersion: " + std::string(kApiVersion);
  if (root.node().Find("apiVersion") == nullptr) {
    root.report().Undecodable("apiVersion", "required, but missing", fix);
  } else {
    root.report().Undecodable("apiVersion",
                              "unknown version " + Quoted(api_version), fix);
  }
}

template <typename T>
void DecodeFromApi(const Value& metadata, T& object) {
  DecodeApiMetadata(metadata, object.metadata);
  if constexpr (std::is_same_v<T, Grant>) DecodeStamp(metadata, object.stamp);
}

}  // namespace

void Collector::Unreadable(const std::string& file, int line, std::string what,
                           std::string fix) {
  objects_.complete = false;
  Problem problem;
  problem.severity = Problem::Severity::kUnreadable;
  problem.location = {file, line};
  problem.what = std::move(what);
  problem.fix = std::move(fix);
  objects_.problems.push_back(std::move(problem));
}

bool Collector::IsText(std::string_view text, bool is_json) {
  if (text.size() > kMaxFileBytes) {
    Unreadable(file_, 0, "larger than 1 MiB", "split the file");
    return false;
  }
  std::optional<BadText> bad = FindBadText(text);
  if (!bad && !is_json) bad = FindOddLineEnd(text);
  if (!bad) return true;
  Unreadable(file_, bad->line, bad->what, "save the file as plain UTF-8 text");
  return false;
}

void Collector::AddObject(std::string_view text, const Node& root) {
  file_.clear();
  if (IsText(text, true)) AddRoot(root, {}, false);
}

void Collector::Add(std::string_view text, const std::string& file,
                    bool is_json) {
  file_ = file;
  if (!IsText(text, is_json)) return;
  const Documents documents = is_json ? ReadJson(text) : ReadYaml(text);
  for (size_t i = 0; i < documents.roots.size(); ++i) {
    AddRoot(documents.roots[i], {}, i >= documents.whole);
  }
  if (documents.error) {
    Unreadable(file, documents.error->line,
               "syntax error: " + Printable(documents.error->what),
               "nothing from here on was read");
  }
}

void Collector::AddRoot(const Node& root, const Identity& inherited,
                        bool truncated) {
  Identity identity = inherited;
  if (root.kind != Node::Kind::kMap) return;
  if (const Node* kind = root.Find("kind")) identity.kind = TextOf(kind);
  for (const Node& child : root.children) {
    if (child.key != "apiVersion") continue;
    identity.api_version = TextOf(&child);
    if (IsOurs(identity.api_version, "")) break;
  }
  if (root.Find("items") != nullptr && IsList(identity.kind)) {
    AddItems(root, identity, truncated);
  } else if (IsOurs(identity.api_version, identity.kind)) {
    AddOurs(root, identity, truncated);
  } else if (identity.api_version == "v1" && identity.kind == "Pod") {
    AddPod(root);
  } else if (identity.api_version == "v1" &&
             identity.kind == "ServiceAccount") {
    AddServiceAccount(root);
  }
}

void Collector::AddItems(const Node& root, const Identity& list,
                         bool truncated) {
  // The items of a typed list do not repeat its version and kind.
  Identity inherited;
  if (list.kind != kListSuffix) {
    inherited = {list.api_version,
                 list.kind.substr(0, list.kind.size() - kListSuffix.size())};
  }
  for (const Node& items : root.children) {
    if (items.key != "items") continue;
    for (const Node& item : items.children) {
      AddRoot(item, inherited, truncated && &item == &items.children.back());
    }
  }
}

void Collector::AddOurs(const Node& root, const Identity& identity,
                        bool truncated) {
  if (truncated) {
    AddTruncated(root, identity);
  } else if (identity.kind == "Connection") {
    AddConnection(root, identity);
  } else if (identity.kind == "Grant") {
    AddGrant(root, identity);
  } else if (identity.kind == "Group") {
    AddGroup(root, identity);
  } else {
    AddUnknownKind(root, identity);
    AddBrokenDeny(root, false);
  }
}

void Collector::AddTruncated(const Node& root, const Identity& identity) {
  if (identity.kind == "Group") {
    AddBrokenGroup(root);
  } else if (identity.kind != "Connection") {
    AddBrokenDeny(root, true);
  }
}

void Collector::AddBrokenGroup(const Node& root) {
  for (const std::string& name : MetadataValues(root, "name")) {
    objects_.broken_groups.push_back(name);
  }
}

template <typename T>
bool Collector::Decode(const Node& root, const Identity& identity,
                       void (*decode)(const Value&, T&), T& object) {
  object.metadata.location = {file_, root.line};
  if (!file_.empty()) {
    object.metadata.lines = std::make_shared<const FieldLines>(root);
  }
  Report report(Describe(root, identity.kind), object.metadata);
  const Value value(root, report);
  ReportFlaws(value);
  CheckApiVersion(value, identity.api_version);
  if (const Node* metadata = root.Find("metadata")) {
    DecodeMetadata(Value(*metadata, value), identity.kind != "Group",
                   object.metadata);
    if (file_.empty() && metadata->kind == Node::Kind::kMap) {
      DecodeFromApi(Value(*metadata, value), object);
    }
  } else {
    report.Missing("metadata", "add it");
  }
  decode(value, object);
  Validate(object, report);
  object.refused = report.refusal();
  if (object.metadata.uid.empty()) {
    object.metadata.uid = UuidV5(identity.kind + "/" + object.metadata.ns +
                                 "/" + object.metadata.name);
  }
  Keep(report);
  return report.decodable();
}

void Collector::Keep(Report& report) {
  for (Problem& problem : report.Take()) {
    objects_.problems.push_back(std::move(problem));
  }
}

template <typename T>
bool Collector::IsDuplicate(std::string_view kind, T& object) {
  const Metadata& metadata = object.metadata;
  std::string key(kind);
  key.append("/").append(metadata.ns).append("/").append(metadata.name);
  if (seen_.insert(key).second) return false;
  Report report(std::string(kind) + " " +
                    (metadata.ns.empty() ? "" : Printable(metadata.ns) + "/") +
                    Printable(metadata.name),
                metadata);
  report.Invalid("metadata.name", "there is already one of this name",
                 "remove one of them, or choose another name");
  Keep(report);
  return true;
}

void Collector::AddConnection(const Node& root, const Identity& identity) {
  Connection connection;
  if (!Decode(root, identity, DecodeConnection, connection)) return;
  if (IsDuplicate("Connection", connection)) return;
  objects_.connections.push_back(std::move(connection));
}

void Collector::AddGrant(const Node& root, const Identity& identity) {
  Grant grant;
  if (!Decode(root, identity, DecodeGrant, grant) ||
      IsDuplicate("Grant", grant)) {
    AddBrokenDeny(root, false);
    return;
  }
  if (grant.effect == Effect::kDeny && grant.metadata.ns.empty()) {
    nameless_denies_.push_back(
        {grant.metadata.name, grant.connection_ref(), grant.metadata.location});
  }
  objects_.grants.push_back(std::move(grant));
}

void Collector::AddGroup(const Node& root, const Identity& identity) {
  Group group;
  if (!Decode(root, identity, DecodeGroup, group) ||
      IsDuplicate("Group", group)) {
    AddBrokenGroup(root);
    return;
  }
  objects_.groups.push_back(std::move(group));
}

void Collector::AddUnknownKind(const Node& root, const Identity& identity) {
  Metadata metadata;
  metadata.location = {file_, root.line};
  metadata.lines = std::make_shared<const FieldLines>(root);
  Report report(Describe(root, identity.kind), metadata);
  const std::vector<std::string_view> known = {"Connection", "Grant", "Group"};
  const std::optional<std::string> nearest = Nearest(identity.kind, known);
  report.Undecodable(
      "kind", "unknown kind " + Quoted(identity.kind),
      nearest ? "did you mean " + *nearest + "?" : "use " + AnyOf(known));
  Keep(report);
}

void Collector::AddPrincipal(const Node& root, const std::string& name) {
  const ObjectRef ref{TextOf(FindIn(root, "metadata", "namespace")), name};
  if (!IsDnsLabel(ref.ns) || !IsDnsSubdomain(ref.name)) {
    Metadata metadata;
    metadata.location = {file_, root.line};
    Report report(Describe(root, TextOf(root.Find("kind"))), metadata);
    report.Warn("metadata",
                "not taken for a caller: its namespace or name is missing or "
                "not valid",
                "set metadata.namespace and metadata.name");
    Keep(report);
    return;
  }
  if (service_accounts_.insert(ref).second) {
    objects_.service_accounts.push_back(ref);
  }
}

void Collector::AddServiceAccount(const Node& root) {
  const std::string name = TextOf(FindIn(root, "metadata", "name"));
  AddPrincipal(root, name);
  // As the API server prints it; people do not write one.
  const std::string uid = TextOf(FindIn(root, "metadata", "uid"));
  const ObjectRef ref{TextOf(FindIn(root, "metadata", "namespace")), name};
  if (!uid.empty() && service_accounts_.count(ref) > 0) {
    objects_.account_uids.insert_or_assign(ref, uid);
  }
}

void Collector::AddPod(const Node& root) {
  const Node* labels = FindIn(root, "metadata", "labels");
  if (labels == nullptr || TextOf(labels->Find(kInjectLabel)) != "true") return;
  const std::string account =
      TextOf(FindIn(root, "spec", "serviceAccountName"));
  AddPrincipal(root, account.empty() ? "default" : account);
}

void Collector::AddBrokenDeny(const Node& root, bool truncated) {
  if (!MayDeny(root, truncated)) return;
  std::vector<std::string> names = MetadataValues(root, "name");
  names.emplace_back();
  std::vector<std::string> namespaces = MetadataValues(root, "namespace");
  for (const std::string& connection : NamedConnections(root)) {
    const Location location{file_, root.line};
    for (const std::string& ns : namespaces) {
      objects_.broken_denies.push_back({names[0], {ns, connection}, location});
    }
    if (namespaces.empty()) {
      nameless_denies_.push_back({names[0], {"", connection}, location});
    }
  }
}

void Collector::ResolveNamelessDenies() {
  for (const BrokenDeny& deny : nameless_denies_) {
    for (const Connection& connection : objects_.connections) {
      if (connection.metadata.name != deny.connection.name) continue;
      BrokenDeny resolved = deny;
      resolved.connection = connection.ref();
      objects_.broken_denies.push_back(std::move(resolved));
    }
  }
}

Objects Collector::Finish() {
  ResolveNamelessDenies();
  AddDeniesOfBrokenGroups(objects_);
  return std::move(objects_);
}

}  // namespace claviger::model
