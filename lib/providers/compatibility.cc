// SPDX-License-Identifier: Apache-2.0
#include "providers/compatibility.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/names.h"
#include "model/report.h"
#include "model/text.h"

namespace claviger::providers {
namespace {

using model::Connection;
using model::CredentialMode;
using model::Endpoint;
using model::Engine;
using model::Report;
using model::SharingMode;
using model::VaultRef;

std::string Text(std::string_view view) { return std::string(view); }

template <typename T>
std::vector<std::string_view> Ids(const std::vector<T>& rows) {
  std::vector<std::string_view> ids;
  ids.reserve(rows.size());
  for (const T& row : rows) ids.push_back(row.id);
  return ids;
}

// "did you mean postgresql?", or what there is.
std::string Suggest(std::string_view word,
                    const std::vector<std::string_view>& known) {
  const std::optional<std::string> nearest = model::Nearest(word, known);
  return nearest ? "did you mean " + *nearest + "?"
                 : "use " + model::AnyOf(known);
}

/// One Connection with what the catalogue says about it.
struct Subject {
  const Connection& connection;
  const Provider& provider;
  Report& report;
};

void CheckType(const Subject& subject, const CredentialType& type) {
  if (subject.provider.Accepts(type.id)) return;
  subject.report.Invalid("spec.credentials.type",
                         "provider " + Text(subject.provider.id) +
                             " takes no credentials of type " + Text(type.id),
                         "use " + model::AnyOf(subject.provider.types));
}

std::vector<std::string_view> ViewerTypes(const Provider& provider) {
  std::vector<std::string_view> types;
  for (const std::string_view id : provider.types) {
    const CredentialType* type = FindType(id);
    if (type != nullptr && IsForViewers(provider, *type)) types.push_back(id);
  }
  return types;
}

void CheckHolder(const Subject& subject, const CredentialType& type) {
  const Connection& connection = subject.connection;
  const SharingMode mode = connection.sharing.mode;
  if (type.holder == Holder::kPerson) {
    if (mode == SharingMode::kOrganization || mode == SharingMode::kGroups) {
      subject.report.Invalid("spec.sharing.mode",
                             "credentials of type " + Text(type.id) +
                                 " belong to one person and cannot be shared",
                             "set it to ViewerCredentials or Private");
    } else if (EffectiveMode(connection) == CredentialMode::kGlobal) {
      subject.report.Invalid("spec.credentials.mode",
                             "credentials of type " + Text(type.id) +
                                 " belong to one person, Global is for all",
                             "set it to PerUser");
    }
  }
  if (mode == SharingMode::kViewerCredentials &&
      subject.provider.Accepts(type.id) &&
      !IsForViewers(subject.provider, type)) {
    const auto types = ViewerTypes(subject.provider);
    subject.report.Invalid(
        "spec.credentials.type",
        "credentials of type " + Text(type.id) + " are never a viewer's own",
        types.empty() ? "set another spec.sharing.mode"
                      : "use " + model::AnyOf(types) +
                            ", or set another spec.sharing.mode");
  }
}

void CheckInjector(const Subject& subject) {
  if (subject.provider.has_injector || !subject.connection.server_side_only) {
    return;
  }
  subject.report.Invalid("spec.serverSideOnly",
                         "provider " + Text(subject.provider.id) +
                             " has no injector, so nobody could use the "
                             "connection server-side only",
                         "set spec.serverSideOnly: false");
}

void RefuseField(const Subject& subject, bool given, const std::string& field) {
  if (!given) return;
  subject.report.Invalid(
      "spec.endpoint." + field,
      "provider " + Text(subject.provider.id) + " takes no " + field,
      "remove it");
}

void CheckFamily(const Subject& subject) {
  const Endpoint& endpoint = subject.connection.endpoint;
  const bool url = subject.provider.family == EndpointFamily::kUrl;
  const bool has_host = !endpoint.host.empty() || !endpoint.hosts.empty();
  if (url && endpoint.url.empty() && has_host) {
    subject.report.Invalid(
        "spec.endpoint." +
            std::string(endpoint.host.empty() ? "hosts" : "host"),
        "provider " + Text(subject.provider.id) + " takes a url",
        "write url: https://...");
  } else if (!url && !endpoint.url.empty() && !has_host) {
    subject.report.Invalid(
        "spec.endpoint.url",
        "provider " + Text(subject.provider.id) + " takes host and port",
        "write host: and, if it is not " +
            std::to_string(subject.provider.default_port) + ", port:");
  }
  RefuseField(subject, !url && !endpoint.methods.empty(), "methods");
  RefuseField(subject, !url && !endpoint.path_prefixes.empty(), "pathPrefixes");
  RefuseField(subject,
              !url && !subject.provider.has_hosts && !endpoint.hosts.empty(),
              "hosts");
  RefuseField(subject,
              !subject.provider.has_database && !endpoint.database.empty(),
              "database");
}

void CheckParameters(const Subject& subject) {
  for (const auto& [name, value] : subject.connection.endpoint.parameters) {
    if (subject.provider.TakesParameter(name)) continue;
    subject.report.Invalid(
        "spec.endpoint.parameters." + model::Printable(name),
        "provider " + Text(subject.provider.id) + " has no such parameter",
        Suggest(name, subject.provider.parameters));
  }
}

void CheckKeys(const VaultRef& ref, const CredentialType& type,
               const std::string& path, Report& report) {
  std::vector<std::string_view> known = type.required;
  known.insert(known.end(), type.optional.begin(), type.optional.end());
  for (const auto& [ours, theirs] : ref.keys) {
    if (type.HasKey(ours)) continue;
    report.Invalid(path + ".keys." + model::Printable(ours),
                   "credentials of type " + Text(type.id) + " have no such key",
                   Suggest(ours, known));
  }
}

// Engines that make credentials make those of certain types only.
bool Makes(Engine engine, std::string_view type) {
  switch (engine) {
    case Engine::kAws:
      return type.substr(0, 4) == "aws-";
    case Engine::kPki:
      return type == "client-cert";
    case Engine::kSsh:
      return type.substr(0, 4) == "ssh-";
    case Engine::kKv1:
    case Engine::kKv2:
      return type != "dyn";
    case Engine::kDatabase:
    case Engine::kDatabaseStatic:
    case Engine::kLdap:
    case Engine::kLdapStatic:
    case Engine::kRead:
      break;
  }
  return true;
}

void CheckSlot(const VaultRef& ref, const CredentialType& type,
               const std::string& path, Report& report) {
  CheckKeys(ref, type, path, report);
  if (!Makes(ref.engine, type.id)) {
    report.Warn(path + ".engine",
                "engine " + Text(model::ToString(ref.engine)) +
                    " does not give credentials of type " + Text(type.id),
                "check spec.credentials.type and the engine");
  }
}

void WarnOfWeaknesses(const Subject& subject, const CredentialType& type) {
  if (subject.provider.id == "azure-blob" && type.id == "password") {
    subject.report.Warn("spec.credentials.type",
                        "an account key shows nobody in the audit trail",
                        "use azure-sp, azure-fed or oauth2-code");
  }
  const bool ssh =
      subject.provider.id == "ssh" || subject.provider.id == "sftp";
  if (ssh && subject.connection.server_side_only &&
      subject.connection.endpoint.parameters.count("host_key") == 0) {
    subject.report.Warn("spec.endpoint.parameters.host_key",
                        "missing, so the server cannot be verified",
                        "add the fingerprint that ssh-keygen -l prints");
  }
}

void CheckWithType(const Subject& subject, const CredentialType& type) {
  CheckType(subject, type);
  CheckHolder(subject, type);
  WarnOfWeaknesses(subject, type);
  if (subject.connection.credentials.default_slot) {
    CheckSlot(subject.connection.credentials.default_slot->vault, type,
              "spec.credentials.default.vault", subject.report);
  }
}

void CheckConnection(const Connection& connection, Report& report) {
  const Provider* provider = Find(connection.provider);
  const CredentialType* type = FindType(connection.credentials.type);
  // What is not even a word has been refused by validation.
  if (provider == nullptr && IsDnsLabel(connection.provider)) {
    report.Invalid("spec.provider",
                   "unknown provider " + model::Quoted(connection.provider),
                   Suggest(connection.provider, Ids(AllProviders())));
  }
  if (type == nullptr && IsDnsLabel(connection.credentials.type)) {
    report.Invalid(
        "spec.credentials.type",
        "unknown type " + model::Quoted(connection.credentials.type),
        Suggest(connection.credentials.type,
                provider ? provider->types : Ids(AllCredentialTypes())));
  }
  if (provider == nullptr) return;
  const Subject subject{connection, *provider, report};
  CheckInjector(subject);
  CheckFamily(subject);
  CheckParameters(subject);
  if (type != nullptr) CheckWithType(subject, *type);
}

template <typename T>
Report MakeReport(std::string_view kind, const T& object) {
  return {Text(kind) + " " + model::Printable(object.metadata.ns) + "/" +
              model::Printable(object.metadata.name),
          object.metadata};
}

template <typename T>
void Apply(Report& report, T& object, std::vector<model::Problem>& problems) {
  if (!object.refused) object.refused = report.refusal();
  for (model::Problem& problem : report.Take()) {
    problems.push_back(std::move(problem));
  }
}

}  // namespace

std::vector<model::Problem> CheckCompatibility(const Connection& connection) {
  Report report = MakeReport("Connection", connection);
  CheckConnection(connection, report);
  return report.Take();
}

void CheckProviders(model::Objects& objects) {
  std::map<model::ObjectRef, const CredentialType*> types;
  for (Connection& connection : objects.connections) {
    Report report = MakeReport("Connection", connection);
    CheckConnection(connection, report);
    Apply(report, connection, objects.problems);
    types[connection.ref()] = FindType(connection.credentials.type);
  }
  for (model::Grant& grant : objects.grants) {
    const auto type = types.find(grant.connection_ref());
    if (!grant.credential || type == types.end() || !type->second) continue;
    Report report = MakeReport("Grant", grant);
    CheckSlot(grant.credential->vault, *type->second, "spec.credential.vault",
              report);
    Apply(report, grant, objects.problems);
  }
}

}  // namespace claviger::providers
