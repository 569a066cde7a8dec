// SPDX-License-Identifier: Apache-2.0
//
// Where in Vault a credential is: the engine, its mount, and a path or role.
// A plain value; the final API path is computed in one place, here, because
// claims, server-side-only and policies all go by it. Pure.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace claviger::model {

/// The engines a credential can be read from. `path` engines name a secret,
/// the others a `role`.
enum class Engine {
  kKv1,             // kv1: path
  kKv2,             // kv2: path, version
  kDatabase,        // database: role (dynamic)
  kDatabaseStatic,  // database-static: role
  kLdap,            // ldap: role (dynamic)
  kLdapStatic,      // ldap-static: role
  kAws,             // aws: role
  kPki,             // pki: role
  kSsh,             // ssh: role
  kRead,            // read: any path that answers GET with data
};
std::string_view ToString(Engine engine);
std::optional<Engine> ParseEngine(std::string_view text);
/// True for kv1, kv2 and read: they name a path, the others a role.
bool UsesPath(Engine engine);

struct VaultRef {
  Engine engine = Engine::kKv2;
  std::string mount;                        // without slashes at the ends
  std::string path;                         // UsesPath engines
  std::string role;                         // the others
  std::optional<int> version;               // kv2: a pinned version
  std::map<std::string, std::string> keys;  // ours -> the company's field name

  /// Equal references are twins (resolution.md, SELECT): everything counts.
  auto operator<=>(const VaultRef&) const = default;
};

/// The path below /v1/ that reads this credential: "secret/data/sales/dw",
/// "database/creds/sales.ro". What policies, claims and server-side-only go by.
std::string ApiPath(const VaultRef& ref);

}  // namespace claviger::model
