// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "model/decode.h"

namespace claviger::model {
namespace {

constexpr std::array<EnumName<SharingMode>, 4> kSharingModes = {{
    {SharingMode::kPrivate, "Private"},
    {SharingMode::kOrganization, "Organization"},
    {SharingMode::kGroups, "Groups"},
    {SharingMode::kViewerCredentials, "ViewerCredentials"},
}};
constexpr std::array<EnumName<CredentialMode>, 3> kCredentialModes = {{
    {CredentialMode::kGlobal, "Global"},
    {CredentialMode::kPerUser, "PerUser"},
    {CredentialMode::kLayered, "Layered"},
}};
constexpr std::array<EnumName<OnSecretFailure>, 2> kOnSecretFailure = {{
    {OnSecretFailure::kFail, "Fail"},
    {OnSecretFailure::kNext, "Next"},
}};
constexpr std::array<EnumName<SecretReaders>, 2> kSecretReaders = {{
    {SecretReaders::kUsers, "Users"},
    {SecretReaders::kGranted, "Granted"},
}};
constexpr std::array<EnumName<DeletionPolicy>, 2> kDeletionPolicies = {{
    {DeletionPolicy::kBlock, "Block"},
    {DeletionPolicy::kRevoke, "Revoke"},
}};

}  // namespace

const auto& EnumNames(SharingMode /*tag*/) { return kSharingModes; }
const auto& EnumNames(CredentialMode /*tag*/) { return kCredentialModes; }
const auto& EnumNames(OnSecretFailure /*tag*/) { return kOnSecretFailure; }
const auto& EnumNames(SecretReaders /*tag*/) { return kSecretReaders; }
const auto& EnumNames(DeletionPolicy /*tag*/) { return kDeletionPolicies; }

void Read(const Value& value, Sharing& out) {
  Fields fields(value);
  fields.Optional("mode", out.mode);
  fields.NonEmpty("groups", out.groups);
  fields.Finish();
}

void Read(const Value& value, Workload& out) {
  Fields fields(value);
  fields.Required("namespace", out.ns);
  fields.NonEmpty("serviceAccounts", out.service_accounts);
  fields.Finish();
}

void Read(const Value& value, DefaultSlot& out) {
  Fields fields(value);
  fields.Required("vault", out.vault);
  fields.Optional("serverSideOnly", out.server_side_only);
  fields.Finish();
}

void Read(const Value& value, Credentials& out) {
  Fields fields(value);
  fields.Required("type", out.type);
  fields.Optional("mode", out.mode);
  fields.Optional("allowPersonal", out.allow_personal);
  fields.Optional("default", out.default_slot);
  fields.Optional("onSecretFailure", out.on_secret_failure);
  fields.Optional("maxStale", out.max_stale);
  fields.Finish();
}

namespace {

void DecodeSpec(const Value& value, Connection& out) {
  Fields fields(value);
  fields.Required("provider", out.provider);
  fields.Required("endpoint", out.endpoint);
  if (const Node* owner = fields.Find("owner")) {
    DecodeSubject(
        Value(*owner, value),
        {SubjectKind::kUser, SubjectKind::kServiceAccount, SubjectKind::kGroup},
        out.owner.emplace());
  }
  fields.Optional("sharing", out.sharing);
  fields.NonEmpty("workloads", out.workloads);
  fields.Required("credentials", out.credentials);
  fields.Optional("serverSideOnly", out.server_side_only);
  fields.Optional("secretReaders", out.secret_readers);
  fields.Optional("deletionPolicy", out.deletion_policy);
  fields.Finish();
}

}  // namespace

void DecodeConnection(const Value& root, Connection& out) {
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
