// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/names.h"
#include "model/check.h"
#include "model/limits.h"
#include "model/validate.h"
#include "model/validate_endpoint.h"

namespace claviger::model {
namespace {

// Whether there is such a provider or type is for lib/providers to say.
constexpr NameRule kWordRule = {IsDnsLabel, "a word of the catalogue",
                                "use one of docs/reference/providers.md"};

void CheckSharing(const Sharing& sharing, Report& report) {
  const std::string path = "spec.sharing.groups";
  CheckNames(sharing.groups, kMaxSharingGroups, kObjectRule, path, report);
  if (sharing.mode == SharingMode::kGroups && sharing.groups.empty()) {
    report.Invalid(path, "required with mode Groups",
                   "name the groups that may use the connection");
  }
  if (sharing.mode == SharingMode::kPrivate && !sharing.groups.empty()) {
    report.Warn(path, "ignored with mode Private",
                "remove it, or set spec.sharing.mode: Groups");
  }
}

void CheckWorkloads(const std::vector<Workload>& workloads, Report& report) {
  const std::string path = "spec.workloads";
  CheckSize(workloads.size(), kMaxWorkloads, "entries", path, report);
  for (size_t i = 0; i < std::min(workloads.size(), kMaxWorkloads); ++i) {
    const std::string at = At(path, i);
    CheckName(workloads[i].ns, kNamespaceRule, at + ".namespace", report);
    if (!workloads[i].service_accounts) continue;
    CheckNames(*workloads[i].service_accounts, kMaxServiceAccounts, kObjectRule,
               at + ".serviceAccounts", report);
  }
}

void CheckUnusedCredentials(const Connection& connection, Report& report) {
  const Credentials& credentials = connection.credentials;
  const bool per_user = EffectiveMode(connection) == CredentialMode::kPerUser;
  if (credentials.default_slot && per_user) {
    report.Warn("spec.credentials.default",
                "ignored: every caller has a credential of its own",
                "remove it, or set spec.credentials.mode: Layered");
  }
  if (!credentials.default_slot &&
      EffectiveMode(connection) == CredentialMode::kGlobal) {
    report.Warn("spec.credentials.default",
                "missing, and with mode Global there is no other credential",
                "add it, or choose another spec.credentials.mode");
  }
  if (per_user && !PersonalAllowed(connection)) {
    report.Warn("spec.credentials.allowPersonal",
                "false, so with mode PerUser only Grants bring credentials",
                "remove it to let callers store their own");
  }
}

void CheckCredentials(const Connection& connection, Report& report) {
  const Credentials& credentials = connection.credentials;
  const std::string path = "spec.credentials";
  CheckName(credentials.type, kWordRule, path + ".type", report);
  if (credentials.default_slot) {
    CheckVaultRef(credentials.default_slot->vault, path + ".default.vault",
                  report);
  }
  if (credentials.on_secret_failure == OnSecretFailure::kNext &&
      EffectiveMode(connection) == CredentialMode::kPerUser) {
    report.Invalid(path + ".onSecretFailure",
                   "Next would hand a caller somebody else's credential",
                   "set it to Fail");
  }
  if (credentials.max_stale && (*credentials.max_stale < kLeastMaxStale ||
                                *credentials.max_stale > kLongestMaxStale)) {
    report.Invalid(path + ".maxStale", "not between 10s and 168h",
                   "leave it out to serve a credential until its own end");
  }
  CheckUnusedCredentials(connection, report);
}

}  // namespace

void Validate(const Connection& connection, Report& report) {
  CheckMetadata(connection.metadata, true, report);
  CheckName(connection.provider, kWordRule, "spec.provider", report);
  CheckEndpoint(connection.endpoint, connection.server_side_only, report);
  if (connection.owner) CheckSubject(*connection.owner, "spec.owner", report);
  CheckSharing(connection.sharing, report);
  if (connection.workloads) CheckWorkloads(*connection.workloads, report);
  CheckCredentials(connection, report);
  if (connection.server_side_only &&
      connection.secret_readers == SecretReaders::kUsers) {
    report.Warn("spec.secretReaders",
                "without effect while the connection is server-side-only",
                "remove it, or set spec.serverSideOnly: false");
  }
}

}  // namespace claviger::model
