// SPDX-License-Identifier: Apache-2.0

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "support/real_servers.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using std::chrono::seconds;

/// Where initdb, postgres and psql lie. Debian keeps the first two off PATH.
Result<std::string> FindBinaries() {
  std::error_code ignored;
  if (auto found = FindProgram("initdb")) {
    return std::filesystem::canonical(*found, ignored).parent_path().string();
  }
  std::vector<std::string> versions;
  for (const auto& entry :
       std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (FindProgram(entry.path().string() + "/bin/initdb")) {
      versions.push_back(entry.path().string() + "/bin");
    }
  }
  if (versions.empty()) {
    return Fail(ErrorCode::kUnsupported,
                "no PostgreSQL here (Debian: package postgresql)");
  }
  return *std::max_element(versions.begin(), versions.end());
}

/// The server refuses to run as root.
std::string ServerUser() { return geteuid() == 0 ? "postgres" : ""; }

/// Gives the directory and its files to the server's user.
Status HandOver(const std::string& directory, const std::string& user) {
  if (user.empty()) {
    return {};
  }
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) {
    return Fail(
        ErrorCode::kUnsupported,
        "PostgreSQL does not run as root, and there is no user " + user);
  }
  std::vector<std::string> paths{directory};
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    paths.push_back(file.path().string());
  }
  for (const std::string& path : paths) {
    if (chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
      return Fail(ErrorCode::kInternal, "cannot give away " + path);
    }
  }
  return {};
}

/// Runs a program to its end.
Status Run(const ProcessOptions& options) {
  auto process = Process::Start(options);
  if (!process) {
    return Fail(process.error());
  }
  const auto code = process->WaitForExit(seconds(120));
  if (code != 0) {
    return Fail(ErrorCode::kInternal,
                options.argv.front() + ": " + process->StderrTail());
  }
  return {};
}

Status WriteFiles(const ScratchDirectory& directory,
                  const std::string& password) {
  auto ca = CertificateAuthority::Create("claviger test database");
  if (!ca) {
    return Fail(ca.error());
  }
  auto serving = ca->IssueForLoopback();
  if (!serving) {
    return Fail(serving.error());
  }
  for (const auto& [name, bytes] : {std::pair<const char*, const std::string*>{
                                        "ca.pem", &ca->certificate_pem()},
                                    {"serving.pem", &serving->certificate_pem},
                                    {"serving.key", &serving->key_pem},
                                    {"password", &password}}) {
    if (auto written = directory.Write(name, *bytes); !written) {
      return Fail(written.error());
    }
  }
  return {};
}

ProcessOptions InitialiseOptions(const ScratchDirectory& directory,
                                 const std::string& binaries) {
  ProcessOptions options;
  options.argv = {
      binaries + "/initdb",   "--pgdata=" + directory.File("data"),
      "--username=postgres",  "--pwfile=" + directory.File("password"),
      "--auth=scram-sha-256", "--encoding=UTF8",
      "--locale=C",           "--no-sync"};
  options.directory = directory.path();
  options.stderr_path = directory.File("initdb.log");
  options.user = ServerUser();
  return options;
}

ProcessOptions ServeOptions(const ScratchDirectory& directory,
                            const std::string& binaries, uint16_t port) {
  ProcessOptions options;
  options.argv = {binaries + "/postgres", "-D", directory.File("data")};
  for (const std::string& setting :
       {std::string("listen_addresses=127.0.0.1"),
        "port=" + std::to_string(port),
        "unix_socket_directories=" + directory.path(), std::string("ssl=on"),
        "ssl_cert_file=" + directory.File("serving.pem"),
        "ssl_key_file=" + directory.File("serving.key"),
        std::string("fsync=off"), std::string("lc_messages=C"),
        std::string("log_line_prefix=")}) {
    options.argv.emplace_back("-c");
    options.argv.push_back(setting);
  }
  options.directory = directory.path();
  options.stderr_path = directory.File("postgres.log");
  options.user = ServerUser();
  options.death_signal = SIGQUIT;  // ends its own children, too
  return options;
}

}  // namespace

RealPostgres::RealPostgres(ScratchDirectory directory, Process process)
    : directory_(std::move(directory)), process_(std::move(process)) {}

Result<std::unique_ptr<RealPostgres>> RealPostgres::Start() {
  return RetryOnLostPort(&RealPostgres::StartOnce);
}

Result<std::unique_ptr<RealPostgres>> RealPostgres::StartOnce() {
  auto binaries = FindBinaries();
  if (!binaries) {
    return Fail(binaries.error());
  }
  auto directory = ScratchDirectory::Create();
  auto port = FreePort();
  if (!directory || !port) {
    return Fail(directory ? port.error() : directory.error());
  }
  const std::string password = RandomPassword();
  auto prepared =
      WriteFiles(*directory, password)
          .and_then([&] { return HandOver(directory->path(), ServerUser()); })
          .and_then(
              [&] { return Run(InitialiseOptions(*directory, *binaries)); });
  if (!prepared) {
    return Fail(prepared.error(), "postgres");
  }
  auto process = Process::Start(ServeOptions(*directory, *binaries, *port));
  if (!process) {
    return Fail(process.error());
  }
  auto ready = process->WaitForLine("ready to accept connections", seconds(60));
  if (!ready) {
    return Fail(ready.error());
  }
  std::unique_ptr<RealPostgres> server(
      new RealPostgres(*std::move(directory), *std::move(process)));
  server->port_ = *port;
  server->password_ = password;
  server->ca_path_ = server->directory_.File("ca.pem");
  server->psql_ = *binaries + "/psql";
  return server;
}

Status RealPostgres::Shutdown() {
  process_.Signal(SIGINT);  // "fast"
  if (process_.WaitForExit(seconds(60))) return {};
  return Fail(ErrorCode::kDeadlineExceeded, "PostgreSQL does not end");
}

Status RealPostgres::StartAgain() {
  const std::string binaries =
      std::filesystem::path(psql_).parent_path().string();
  const ProcessOptions options = ServeOptions(directory_, binaries, port_);
  // It says already that it was ready once.
  std::filesystem::remove(options.stderr_path);
  auto process = Process::Start(options);
  if (!process) return Fail(process.error());
  process_ = *std::move(process);
  const auto ready =
      process_.WaitForLine("ready to accept connections", seconds(60));
  if (!ready) return Fail(ready.error());
  return {};
}

Result<std::string> RealPostgres::Query(const std::string& sql) const {
  return QueryAs(user_, password_, sql);
}

Result<std::string> RealPostgres::QueryAs(const std::string& user,
                                          const std::string& password,
                                          const std::string& sql) const {
  auto scratch = ScratchDirectory::Create();
  if (!scratch) {
    return Fail(scratch.error());
  }
  auto file = scratch->Write("query.sql", sql);
  if (!file) {
    return Fail(file.error());
  }
  ProcessOptions options;
  options.argv = {
      psql_,           "--no-psqlrc",           "--quiet",        "--no-align",
      "--tuples-only", "--set=ON_ERROR_STOP=1", "--file=" + *file};
  options.environment = {
      "PGHOST=" + host_,          "PGPORT=" + std::to_string(port_),
      "PGUSER=" + user,           "PGPASSWORD=" + password,
      "PGDATABASE=postgres",      "PGSSLMODE=verify-full",
      "PGSSLROOTCERT=" + ca_path_};
  options.stdout_path = scratch->File("rows");
  options.stderr_path = scratch->File("errors");
  if (auto ran = Run(options); !ran) {
    return Fail(ran.error());
  }
  std::ifstream rows(options.stdout_path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(rows), {});
}

}  // namespace claviger::testing
