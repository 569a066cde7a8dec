// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "model/decode.h"
#include "model/limits.h"
#include "model/text.h"

namespace claviger::model {
namespace {

constexpr std::array<EnumName<Engine>, 10> kEngines = {{
    {Engine::kKv1, "kv1"},
    {Engine::kKv2, "kv2"},
    {Engine::kDatabase, "database"},
    {Engine::kDatabaseStatic, "database-static"},
    {Engine::kLdap, "ldap"},
    {Engine::kLdapStatic, "ldap-static"},
    {Engine::kAws, "aws"},
    {Engine::kPki, "pki"},
    {Engine::kSsh, "ssh"},
    {Engine::kRead, "read"},
}};

// What the API server and its clients add.
constexpr std::array<std::string_view, 11> kKubernetesFields = {
    "labels",
    "annotations",
    "managedFields",
    "resourceVersion",
    "ownerReferences",
    "finalizers",
    "generateName",
    "selfLink",
    "deletionTimestamp",
    "clusterName",
    "deletionGracePeriodSeconds"};

void DecodeTime(Fields& fields, std::string_view key,
                std::optional<Time>& out) {
  const Node* node = fields.Find(key);
  // Written as null by client-side dry runs.
  if (node == nullptr || node->kind == Node::Kind::kNull) return;
  Read(Value(*node, fields.value()), out);
}

}  // namespace

const std::array<EnumName<Engine>, 10>& EnumNames(Engine /*tag*/) {
  return kEngines;
}

void DecodeMetadata(const Value& value, bool namespaced, Metadata& out) {
  Fields fields(value);
  fields.Required("name", out.name);
  if (namespaced) {
    fields.Required("namespace", out.ns, "set metadata.namespace");
  } else if (std::string ns; fields.Optional("namespace", ns)) {
    value.report().Warn(value.PathOf("namespace"),
                        "ignored: a Group belongs to the cluster", "remove it");
  }
  fields.Optional("uid", out.uid);
  fields.Optional("generation", out.generation);
  DecodeTime(fields, "creationTimestamp", out.created);
  for (const std::string_view known : kKubernetesFields) fields.Ignore(known);
  fields.Finish();
}

void DecodeApiMetadata(const Value& value, Metadata& out) {
  Fields fields(value);
  if (const Node* version = fields.Find("resourceVersion")) {
    out.resource_version = version->text;
  }
  DecodeTime(fields, "deletionTimestamp", out.deleted_at);
  if (const Node* finalizers = fields.Find("finalizers")) {
    out.has_finalizer =
        std::any_of(finalizers->children.begin(), finalizers->children.end(),
                    [](const Node& one) { return one.text == kFinalizer; });
  }
}

void DecodeStamp(const Value& metadata, std::optional<Stamp>& out) {
  const Node* annotations = metadata.node().Find("annotations");
  if (annotations == nullptr) return;
  const Node* uid = annotations->Find(kConnectionUidAnnotation);
  const Node* fingerprint = annotations->Find(kEndpointFingerprintAnnotation);
  if (uid == nullptr && fingerprint == nullptr) return;
  // What is too long was not written by the webhook: it fits nothing.
  const auto text = [](const Node* node) {
    return node != nullptr && node->text.size() <= kMaxUid ? node->text : "";
  };
  out = Stamp{text(uid), text(fingerprint)};
}

void DecodeSubject(const Value& value, const std::vector<SubjectKind>& kinds,
                   Subject& out) {
  Fields fields(value);
  std::string kind;
  fields.Required("kind", kind);
  fields.Optional("namespace", out.ns);
  fields.Optional("name", out.name);
  fields.Finish();
  const Node* node = value.node().Find("kind");
  if (node == nullptr || kind.empty()) return;
  std::vector<std::string_view> known;
  for (const SubjectKind allowed : kinds) {
    if (ToString(allowed) == kind) {
      out.kind = allowed;
      return;
    }
    known.push_back(ToString(allowed));
  }
  UnknownWord(Value(*node, value), kind, known);
}

void DecodeSubjects(const Value& value, const std::vector<SubjectKind>& kinds,
                    std::vector<Subject>& out) {
  if (value.node().kind != Node::Kind::kSequence) {
    value.WrongType("a list");
    return;
  }
  const std::vector<Node>& items = value.node().children;
  out.resize(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    DecodeSubject(Value(items[i], value, i), kinds, out[i]);
  }
}

void Read(const Value& value, VaultRef& out) {
  Fields fields(value);
  fields.Required("engine", out.engine);
  fields.Required("mount", out.mount);
  const bool path = fields.Optional("path", out.path);
  const bool role = fields.Optional("role", out.role);
  fields.Optional("version", out.version);
  fields.NonEmpty("keys", out.keys);
  fields.Finish();
  if (!value.node().Find("engine") ||
      value.report().Complained(value.PathOf("engine"))) {
    return;
  }
  const bool uses_path = UsesPath(out.engine);
  const std::string engine(ToString(out.engine));
  if (uses_path ? !path : !role) {
    value.report().Missing(
        value.PathOf(uses_path ? "path" : "role"),
        "engine " + engine + " needs a " + (uses_path ? "path" : "role"));
  }
  if (uses_path ? role : path) {
    value.report().Invalid(
        value.PathOf(uses_path ? "role" : "path"),
        "engine " + engine + " has no " + (uses_path ? "role" : "path"),
        "remove it, or choose another engine");
  }
}

}  // namespace claviger::model
