// SPDX-License-Identifier: Apache-2.0
#include "model/decode.h"

namespace claviger::model {

void Read(const Value& value, Claim& out) {
  Fields fields(value);
  fields.Required("name", out.name);
  fields.Required("value", out.value);
  fields.Finish();
}

namespace {

void DecodeSpec(const Value& value, Group& out) {
  Fields fields(value);
  if (const Node* members = fields.Find("members")) {
    DecodeSubjects(Value(*members, value),
                   {SubjectKind::kServiceAccount, SubjectKind::kNamespace,
                    SubjectKind::kUser, SubjectKind::kGroup},
                   out.members);
  }
  if (const Node* admins = fields.Find("admins")) {
    DecodeSubjects(
        Value(*admins, value),
        {SubjectKind::kUser, SubjectKind::kServiceAccount, SubjectKind::kGroup},
        out.admins);
  }
  fields.Optional("claim", out.claim);
  fields.Finish();
}

}  // namespace

void DecodeGroup(const Value& root, Group& out) {
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
