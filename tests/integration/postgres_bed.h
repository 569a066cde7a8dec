// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL injection with everything real: Vault, PostgreSQL over TLS, the
// sidecar's program for one connection, and clients, which are given its
// socket or its port. The database's user is "app"; nothing that a client or
// the sidecar prints may hold its password.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "integration/sidecar_bed.h"
#include "support/process.h"
#include "support/real_servers.h"

namespace claviger::testing {

/// A file's bytes; empty where there is none.
std::string Slurp(const std::string& path);

class PostgresBed : public ::testing::Test {
 protected:
  static constexpr const char* kCanary = "canary-4f1b-password";

  struct Ran {
    int code = -1;
    std::string out;
    std::string errors;
  };

  void SetUp() override;
  void TearDown() override;

  /// Stores the password for "app" in Vault; PostgreSQL has kCanary.
  void PutPassword(const std::string& password = kCanary);
  /// The connection for the sidecar's account, and the same withdrawn.
  void Share(const model::VaultRef& ref = Kv2("secret", "sales/warehouse"));
  void TakeAway();
  /// Writes at a path of Vault, as root.
  void Write(const std::string& path, const nlohmann::json& body);
  /// Vault's engine makes users of PostgreSQL for so many seconds, and ends
  /// them by these statements (empty: the plugin's own).
  void ConfigureEngine(int seconds,
                       const std::vector<std::string>& revocation = {});

  /// The sidecar's program; it serves once this returns.
  void StartSidecar();
  std::string Log() const { return bed_->Folder() + "/sidecar.log"; }
  std::string Directory() const {
    return bed_->Folder() + "/c/sales.warehouse";
  }
  /// Of the port on loopback.
  std::string Port() const;

  /// How a program on libpq gets there, by its environment: by the socket, by
  /// the port and a password file, and to PostgreSQL itself.
  std::vector<std::string> BySocket() const;
  std::vector<std::string> ByPort();
  std::vector<std::string> Directly() const;

  /// A client, by the socket unless told otherwise; its output in files.
  ProcessOptions Client(std::vector<std::string> argv);
  ProcessOptions Client(std::vector<std::string> argv,
                        std::vector<std::string> environment);
  Ran Run(const ProcessOptions& options);
  Ran End(Process& process, const ProcessOptions& options);
  static std::vector<std::string> PsqlArguments(const std::string& sql);
  Ran Psql(const std::string& sql) { return Run(Client(PsqlArguments(sql))); }
  /// How many sessions run a query like this at PostgreSQL, as it prints it.
  std::string CountOf(const std::string& pattern) const;

  std::unique_ptr<SidecarBed> bed_;
  std::unique_ptr<RealPostgres> postgres_;
  std::optional<Process> sidecar_;
  /// Of the connection's endpoint, beside what the bed needs.
  std::map<std::string, std::string> parameters_;
  int clients_ = 0;

 private:
  model::Connection Warehouse(const model::VaultRef& ref);
};

}  // namespace claviger::testing
