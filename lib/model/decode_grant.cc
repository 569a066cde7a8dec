// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "model/check.h"
#include "model/decode.h"
#include "model/limits.h"

namespace claviger::model {
namespace {

constexpr std::array<EnumName<Effect>, 2> kEffects = {{
    {Effect::kAllow, "Allow"},
    {Effect::kDeny, "Deny"},
}};
constexpr std::array<EnumName<Privilege>, 5> kPrivileges = {{
    {Privilege::kView, "view"},
    {Privilege::kUse, "use"},
    {Privilege::kReadSecret, "readSecret"},
    {Privilege::kShare, "share"},
    {Privilege::kManage, "manage"},
}};

}  // namespace

const auto& EnumNames(Effect /*tag*/) { return kEffects; }
const auto& EnumNames(Privilege /*tag*/) { return kPrivileges; }

void Read(const Value& value, GrantSlot& out) {
  Fields fields(value);
  fields.Required("vault", out.vault);
  fields.Optional("priority", out.priority);
  fields.Optional("serverSideOnly", out.server_side_only);
  fields.Finish();
}

namespace {

// Absent means [use], but never beside a credential: that would give use by
// omission.
void DecodePrivileges(Fields& fields, Grant& out) {
  std::vector<Privilege> listed;
  const bool given = fields.Optional("privileges", listed);
  for (const Privilege privilege : listed) out.privileges.Add(privilege);
  const Value& spec = fields.value();
  const std::string path = spec.PathOf("privileges");
  CheckSize(listed.size(), kMaxPrivileges, "entries", path, spec.report());
  const bool credential = spec.node().Find("credential") != nullptr;
  if (!given && credential) {
    spec.report().Missing(path,
                          "write `privileges: []` for the credential alone, "
                          "or list what the Grant allows");
  } else if (!given) {
    out.privileges.Add(Privilege::kUse);
  } else if (fields.Empty("privileges") && !credential) {
    spec.report().Invalid(path, "empty, and there is no credential",
                          "list what the Grant allows or denies");
  }
}

void DecodeSpec(const Value& value, Grant& out) {
  Fields fields(value);
  fields.Required("connection", out.connection);
  if (const Node* subjects = fields.Find("subjects")) {
    DecodeSubjects(Value(*subjects, value),
                   {SubjectKind::kServiceAccount, SubjectKind::kUser,
                    SubjectKind::kGroup, SubjectKind::kEveryone},
                   out.subjects);
  } else {
    value.report().Missing(value.PathOf("subjects"), "say who is meant");
  }
  fields.Optional("effect", out.effect);
  fields.Optional("credential", out.credential);
  DecodePrivileges(fields, out);
  fields.Optional("notBefore", out.window.not_before);
  fields.Optional("expiresAt", out.window.expires_at);
  fields.Optional("suspended", out.suspended);
  fields.Optional("reason", out.reason);
  fields.Finish();
}

}  // namespace

void DecodeGrant(const Value& root, Grant& out) {
  Fields fields(root);
  fields.Ignore("apiVersion");
  fields.Ignore("kind");
  fields.Ignore("status");
  fields.Ignore("metadata");
  if (const Node* spec = fields.Find("spec")) {
    DecodeSpec(Value(*spec, root), out);
  } else {
    root.report().Missing("spec", "add it");
  }
  fields.Finish();
}

}  // namespace claviger::model
