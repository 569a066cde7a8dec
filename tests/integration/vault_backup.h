// SPDX-License-Identifier: Apache-2.0
//
// Everything of ours in a real Vault, to be put back as a snapshot would:
// policies, roles, and each entry with its data and its version. What came
// since is gone then. Blocking.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/real_servers.h"

namespace claviger::testing {

class VaultBackup {
 public:
  explicit VaultBackup(RealVault& vault);

  /// False where Vault took something not.
  bool Restore();

  /// The policy of a principal, as it was; empty: there was none.
  std::string Policy(const std::string& principal) const;

 private:
  struct Entry {
    nlohmann::json data;
    int version = 0;
  };
  struct State {
    std::map<std::string, nlohmann::json> policies;
    std::map<std::string, nlohmann::json> roles;
    std::map<std::string, Entry> entries;  // by path below "prod/"
  };
  State Read() const;
  void ReadEntries(const std::string& folder, State& state) const;
  nlohmann::json Data(const std::string& path) const;
  nlohmann::json List(const std::string& path) const;
  bool Send(const std::string& method, const std::string& path,
            const nlohmann::json& body = nullptr) const;
  bool WriteEntry(const std::string& path, const Entry& entry) const;

  RealVault& vault_;
  State state_;
};

}  // namespace claviger::testing
