// SPDX-License-Identifier: Apache-2.0
#include "model/vault_ref.h"

#include <algorithm>
#include <array>

namespace claviger::model {
namespace {

struct EngineRow {
  Engine engine;
  std::string_view name;
  std::string_view verb;  // between mount and role or path; empty: none
  bool uses_path;
};

// Vault's HTTP API: what is read for a credential of each engine.
constexpr std::array<EngineRow, 10> kEngines = {{
    {Engine::kKv1, "kv1", "", true},
    {Engine::kKv2, "kv2", "data", true},
    {Engine::kDatabase, "database", "creds", false},
    {Engine::kDatabaseStatic, "database-static", "static-creds", false},
    {Engine::kLdap, "ldap", "creds", false},
    {Engine::kLdapStatic, "ldap-static", "static-cred", false},
    {Engine::kAws, "aws", "creds", false},
    {Engine::kPki, "pki", "issue", false},
    {Engine::kSsh, "ssh", "sign", false},
    {Engine::kRead, "read", "", true},
}};

const EngineRow& Row(Engine engine) {
  return *std::find_if(
      kEngines.begin(), kEngines.end(),
      [engine](const EngineRow& row) { return row.engine == engine; });
}

}  // namespace

std::string_view ToString(Engine engine) { return Row(engine).name; }

std::optional<Engine> ParseEngine(std::string_view text) {
  for (const EngineRow& row : kEngines) {
    if (row.name == text) return row.engine;
  }
  return std::nullopt;
}

bool UsesPath(Engine engine) { return Row(engine).uses_path; }

std::string ApiPath(const VaultRef& ref) {
  const EngineRow& row = Row(ref.engine);
  std::string path = ref.mount;
  if (!row.verb.empty()) path.append("/").append(row.verb);
  return path.append("/").append(row.uses_path ? ref.path : ref.role);
}

}  // namespace claviger::model
