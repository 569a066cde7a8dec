// SPDX-License-Identifier: Apache-2.0
//
// Builders for objects in tests: valid by default, and each call says the one
// thing that matters to the test. Plain values.
//
//   AConnection("sales/warehouse").WithOwner(User("erin")).WithDefault(
//       Kv2("secret", "sales/warehouse"))
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/objects.h"

namespace claviger::testing {

model::Subject User(std::string name);
model::Subject Account(std::string_view ref);  // "reports/nightly"
model::Subject InGroup(std::string name);
model::Subject InNamespace(std::string name);
model::Subject Everyone();

/// "sales/warehouse" taken apart.
model::ObjectRef Ref(std::string_view text);

model::VaultRef Kv2(std::string mount, std::string path);
model::VaultRef Kv1(std::string mount, std::string path);
model::VaultRef AnyRead(std::string mount, std::string path);
model::VaultRef DatabaseRole(std::string mount, std::string role);

/// A server-side-only PostgreSQL connection, Private, Global, nobody's.
class AConnection {
 public:
  explicit AConnection(std::string_view ref);

  AConnection& WithOwner(model::Subject owner);
  AConnection& Shared(model::SharingMode mode,
                      std::vector<std::string> groups = {});
  AConnection& WithMode(model::CredentialMode mode);
  AConnection& WithPersonal(bool allowed);
  AConnection& WithDefault(model::VaultRef vault,
                           bool server_side_only = false);
  AConnection& ForWorkload(std::string ns);
  AConnection& ForWorkload(std::string ns, std::vector<std::string> accounts);
  AConnection& ServerSideOnly(bool value);
  AConnection& ReadableBy(model::SecretReaders readers);
  /// Disclosable to all its users: the two above at once.
  AConnection& Disclosable();
  /// "postgresql", "http" or "oracle", with an endpoint that fits.
  AConnection& OnProvider(const std::string& provider, std::string type);
  AConnection& Created(Time at, std::string uid);
  AConnection& Refused(std::string reason = "InvalidSpec");

  operator model::Connection() const { return value_; }  // NOLINT: a builder

 private:
  model::Connection value_;
};

/// An active Allow Grant of nothing; `ref` is its own "namespace/name".
class AGrant {
 public:
  AGrant(std::string_view ref, std::string connection);

  AGrant& To(model::Subject subject);
  AGrant& Allowing(model::PrivilegeSet privileges);
  AGrant& Denying(model::PrivilegeSet privileges);
  AGrant& WithCredential(model::VaultRef vault, int priority = 0,
                         bool server_side_only = false);
  AGrant& Created(Time at, std::string uid);
  AGrant& From(Time not_before);
  AGrant& Until(Time expires_at);
  AGrant& Suspended();
  AGrant& Refused(std::string reason = "InvalidSpec");
  AGrant& Stamped(std::string connection_uid, std::string fingerprint = "");
  /// As the webhook would stamp it.
  AGrant& StampedFor(const model::Connection& connection);

  operator model::Grant() const { return value_; }  // NOLINT: a builder

 private:
  model::Grant value_;
};

class AGroup {
 public:
  explicit AGroup(std::string name);

  AGroup& With(model::Subject member);
  AGroup& Claiming(std::string name, std::string value);
  AGroup& Refused(std::string reason = "InvalidSpec");

  operator model::Group() const { return value_; }  // NOLINT: a builder

 private:
  model::Group value_;
};

}  // namespace claviger::testing
