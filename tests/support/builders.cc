// SPDX-License-Identifier: Apache-2.0
#include "support/builders.h"

#include <optional>
#include <utility>

#include "access/stamp.h"
#include "base/digest.h"

namespace claviger::testing {
namespace {

model::VaultRef PathRef(model::Engine engine, std::string mount,
                        std::string path) {
  model::VaultRef ref;
  ref.engine = engine;
  ref.mount = std::move(mount);
  ref.path = std::move(path);
  return ref;
}

model::Metadata Named(std::string_view kind, model::ObjectRef ref) {
  model::Metadata metadata;
  metadata.uid = UuidV5(std::string(kind) + "/" + ref.ns + "/" + ref.name);
  metadata.ns = std::move(ref.ns);
  metadata.name = std::move(ref.name);
  metadata.generation = 1;
  return metadata;
}

}  // namespace

model::Subject User(std::string name) {
  return {model::SubjectKind::kUser, "", std::move(name)};
}

model::Subject Account(std::string_view ref) {
  model::ObjectRef account = Ref(ref);
  return {model::SubjectKind::kServiceAccount, std::move(account.ns),
          std::move(account.name)};
}

model::Subject InGroup(std::string name) {
  return {model::SubjectKind::kGroup, "", std::move(name)};
}

model::Subject InNamespace(std::string name) {
  return {model::SubjectKind::kNamespace, "", std::move(name)};
}

model::Subject Everyone() { return {model::SubjectKind::kEveryone, "", ""}; }

model::ObjectRef Ref(std::string_view text) {
  const size_t slash = text.find('/');
  return {std::string(text.substr(0, slash)),
          std::string(text.substr(slash + 1))};
}

model::VaultRef Kv2(std::string mount, std::string path) {
  return PathRef(model::Engine::kKv2, std::move(mount), std::move(path));
}

model::VaultRef Kv1(std::string mount, std::string path) {
  return PathRef(model::Engine::kKv1, std::move(mount), std::move(path));
}

model::VaultRef AnyRead(std::string mount, std::string path) {
  return PathRef(model::Engine::kRead, std::move(mount), std::move(path));
}

model::VaultRef DatabaseRole(std::string mount, std::string role) {
  model::VaultRef ref;
  ref.engine = model::Engine::kDatabase;
  ref.mount = std::move(mount);
  ref.role = std::move(role);
  return ref;
}

AConnection::AConnection(std::string_view ref) {
  value_.metadata = Named("Connection", Ref(ref));
  OnProvider("postgresql", "password");
}

AConnection& AConnection::WithOwner(model::Subject owner) {
  value_.owner = std::move(owner);
  return *this;
}

AConnection& AConnection::Shared(model::SharingMode mode,
                                 std::vector<std::string> groups) {
  value_.sharing.mode = mode;
  value_.sharing.groups = std::move(groups);
  return *this;
}

AConnection& AConnection::WithMode(model::CredentialMode mode) {
  value_.credentials.mode = mode;
  return *this;
}

AConnection& AConnection::WithPersonal(bool allowed) {
  value_.credentials.allow_personal = allowed;
  return *this;
}

AConnection& AConnection::WithDefault(model::VaultRef vault,
                                      bool server_side_only) {
  value_.credentials.default_slot =
      model::DefaultSlot{std::move(vault), server_side_only};
  return *this;
}

AConnection& AConnection::ForWorkload(std::string ns) {
  if (!value_.workloads) value_.workloads.emplace();
  value_.workloads->push_back({std::move(ns), std::nullopt});
  return *this;
}

AConnection& AConnection::ForWorkload(std::string ns,
                                      std::vector<std::string> accounts) {
  if (!value_.workloads) value_.workloads.emplace();
  value_.workloads->push_back({std::move(ns), std::move(accounts)});
  return *this;
}

AConnection& AConnection::ServerSideOnly(bool value) {
  value_.server_side_only = value;
  return *this;
}

AConnection& AConnection::ReadableBy(model::SecretReaders readers) {
  value_.secret_readers = readers;
  return *this;
}

AConnection& AConnection::Disclosable() {
  return ServerSideOnly(false).ReadableBy(model::SecretReaders::kUsers);
}

AConnection& AConnection::OnProvider(const std::string& provider,
                                     std::string type) {
  value_.provider = provider;
  value_.credentials.type = std::move(type);
  value_.endpoint = model::Endpoint();
  if (provider == "http") {
    value_.endpoint.url = "https://api.corp";
  } else {
    value_.endpoint.host = "dw.corp";
  }
  return *this;
}

AConnection& AConnection::Created(Time at, std::string uid) {
  value_.metadata.created = at;
  value_.metadata.uid = std::move(uid);
  return *this;
}

AConnection& AConnection::Refused(std::string reason) {
  value_.refused = model::Refusal{std::move(reason), "made so by the test", ""};
  return *this;
}

AGrant::AGrant(std::string_view ref, std::string connection) {
  value_.metadata = Named("Grant", Ref(ref));
  value_.connection = std::move(connection);
}

AGrant& AGrant::To(model::Subject subject) {
  value_.subjects.push_back(std::move(subject));
  return *this;
}

AGrant& AGrant::Allowing(model::PrivilegeSet privileges) {
  value_.effect = model::Effect::kAllow;
  value_.privileges = privileges;
  return *this;
}

AGrant& AGrant::Denying(model::PrivilegeSet privileges) {
  value_.effect = model::Effect::kDeny;
  value_.privileges = privileges;
  return *this;
}

AGrant& AGrant::WithCredential(model::VaultRef vault, int priority,
                               bool server_side_only) {
  value_.credential =
      model::GrantSlot{std::move(vault), priority, server_side_only};
  return *this;
}

AGrant& AGrant::Created(Time at, std::string uid) {
  value_.metadata.created = at;
  value_.metadata.uid = std::move(uid);
  return *this;
}

AGrant& AGrant::From(Time not_before) {
  value_.window.not_before = not_before;
  return *this;
}

AGrant& AGrant::Until(Time expires_at) {
  value_.window.expires_at = expires_at;
  return *this;
}

AGrant& AGrant::Suspended() {
  value_.suspended = true;
  return *this;
}

AGrant& AGrant::Refused(std::string reason) {
  value_.refused = model::Refusal{std::move(reason), "made so by the test", ""};
  return *this;
}

AGrant& AGrant::Stamped(std::string connection_uid, std::string fingerprint) {
  value_.stamp =
      model::Stamp{std::move(connection_uid), std::move(fingerprint)};
  return *this;
}

AGrant& AGrant::StampedFor(const model::Connection& connection) {
  return Stamped(connection.metadata.uid,
                 access::EndpointFingerprint(connection));
}

AGroup::AGroup(std::string name) {
  value_.metadata = Named("Group", {"", std::move(name)});
}

AGroup& AGroup::With(model::Subject member) {
  value_.members.push_back(std::move(member));
  return *this;
}

AGroup& AGroup::Claiming(std::string name, std::string value) {
  value_.claim = model::Claim{std::move(name), std::move(value)};
  return *this;
}

AGroup& AGroup::Refused(std::string reason) {
  value_.refused = model::Refusal{std::move(reason), "made so by the test", ""};
  return *this;
}

}  // namespace claviger::testing
