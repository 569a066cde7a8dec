// SPDX-License-Identifier: Apache-2.0
#include "vault_backup.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kPolicies[] = "sys/policies/acl";
constexpr char kRoles[] = "auth/claviger/role";
constexpr char kOurs[] = "claviger.prod.";

// Lets the operator log in, and its token go on: no part of a backup here.
bool IsOperators(const std::string& name) {
  return name == "claviger.prod.operator" || name == "ledger/leader" ||
         name == "ledger/claim";
}

}  // namespace

VaultBackup::VaultBackup(RealVault& vault) : vault_(vault), state_(Read()) {}

json VaultBackup::Data(const std::string& path) const {
  const auto answer = vault_.Call("GET", path);
  return answer && answer->ok() ? answer->Json()["data"] : json();
}

json VaultBackup::List(const std::string& path) const {
  const auto answer = vault_.Call("LIST", path);
  return answer && answer->ok() ? answer->Json()["data"]["keys"]
                                : json::array();
}

bool VaultBackup::Send(const std::string& method, const std::string& path,
                       const json& body) const {
  const auto answer =
      vault_.Call(method, path, body.is_null() ? "" : body.dump());
  return answer && answer->ok();
}

VaultBackup::State VaultBackup::Read() const {
  State state;
  for (const std::string name : List(kPolicies)) {
    if (name.rfind(kOurs, 0) != 0 || IsOperators(name)) continue;
    state.policies[name] = Data(std::string(kPolicies) + "/" + name)["policy"];
  }
  for (const std::string name : List(kRoles)) {
    if (IsOperators(name)) continue;
    state.roles[name] = Data(std::string(kRoles) + "/" + name);
  }
  ReadEntries("", state);
  return state;
}

void VaultBackup::ReadEntries(const std::string& folder, State& state) const {
  for (const std::string name : List("claviger/metadata/prod/" + folder)) {
    const std::string path = folder + name;
    if (path.back() == '/') {
      ReadEntries(path, state);
      continue;
    }
    const json entry = Data("claviger/data/prod/" + path);
    if (IsOperators(path) || entry.is_null()) continue;
    state.entries[path] = {entry["data"], entry["metadata"]["version"]};
  }
}

bool VaultBackup::WriteEntry(const std::string& path,
                             const Entry& entry) const {
  bool done = Send("DELETE", "claviger/metadata/prod/" + path);
  for (int i = 0; i < entry.version && done; ++i) {
    done = Send("POST", "claviger/data/prod/" + path, {{"data", entry.data}});
  }
  return done;
}

bool VaultBackup::Restore() {
  const State now = Read();
  bool done = true;
  for (const auto& [name, role] : now.roles) {
    if (state_.roles.count(name) > 0) continue;
    done = Send("DELETE", std::string(kRoles) + "/" + name) && done;
  }
  for (const auto& [name, policy] : now.policies) {
    if (state_.policies.count(name) > 0) continue;
    done = Send("DELETE", std::string(kPolicies) + "/" + name) && done;
  }
  for (const auto& [path, entry] : now.entries) {
    if (state_.entries.count(path) > 0) continue;
    done = Send("DELETE", "claviger/metadata/prod/" + path) && done;
  }
  for (const auto& [path, entry] : state_.entries) {
    done = WriteEntry(path, entry) && done;
  }
  for (const auto& [name, policy] : state_.policies) {
    done = Send("POST", std::string(kPolicies) + "/" + name,
                {{"policy", policy}}) &&
           done;
  }
  for (const auto& [name, role] : state_.roles) {
    done = Send("POST", std::string(kRoles) + "/" + name, role) && done;
  }
  return done;
}

std::string VaultBackup::Policy(const std::string& principal) const {
  const auto found = state_.policies.find(kOurs + principal);
  return found == state_.policies.end() ? "" : found->second;
}

}  // namespace claviger::testing
