// SPDX-License-Identifier: Apache-2.0
//
// The `claviger` binary in a scratch directory with manifests, and `claviger
// dev` with a client for its socket and for its Vault. Include it in one file
// of a test binary, which defines CLAVIGER_BINARY.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "support/http_call.h"
#include "support/process.h"
#include "support/scratch_directory.h"

namespace claviger::testing {

using nlohmann::json;

inline constexpr std::chrono::seconds kWithin{20};
inline constexpr const char* kCanary = "canary-5e1f9a";

inline constexpr const char* kConnections = R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: shown, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.example, database: dw}
  owner: {kind: User, name: erin}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/shown}}
  serverSideOnly: false
  secretReaders: Users
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: hidden, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://api.example"}
  owner: {kind: User, name: erin}
  sharing: {mode: Organization}
  credentials:
    type: token
    default: {vault: {engine: kv2, mount: secret, path: sales/hidden}}
)";

inline constexpr const char* kGrant = R"(
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: nightly, namespace: sales}
spec:
  connection: shown
  subjects: [{kind: ServiceAccount, namespace: reports, name: nightly}]
  privileges: [use]
)";

class CliBinaryTest : public ::testing::Test {
 protected:
  CliBinaryTest() {
    auto made = ScratchDirectory::Create();
    EXPECT_TRUE(made.has_value());
    if (made) directory_.emplace(std::move(*made));
    Write("connections.yaml", kConnections);
    Write("grant.yaml", kGrant);
  }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(File(name), text, 0600).has_value());
  }
  std::string File(const std::string& name) const {
    return directory_->File(name);
  }
  const std::string& directory() const { return directory_->path(); }
  std::string Read(const std::string& name) const {
    return ReadFile(File(name), size_t{1} << 20U).value_or("");
  }

  /// What the process that was started last printed.
  std::string Out() const { return Read("out-" + std::to_string(started_)); }
  std::string Err() const { return Read("err-" + std::to_string(started_)); }

  Result<Process> Start(std::vector<std::string> arguments) {
    ProcessOptions options;
    options.argv = {CLAVIGER_BINARY};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    ++started_;
    options.stdout_path = File("out-" + std::to_string(started_));
    options.stderr_path = File("err-" + std::to_string(started_));
    return Process::Start(options);
  }

  int ExitCodeOf(std::vector<std::string> arguments) {
    auto process = Start(std::move(arguments));
    EXPECT_TRUE(process.has_value());
    return process ? process->WaitForExit(kWithin).value_or(-1) : -1;
  }

 private:
  std::optional<ScratchDirectory> directory_;
  int started_ = 0;
};

class DevTest : public CliBinaryTest {
 protected:
  DevTest() {
    Write("secrets.yaml", std::string("- path: secret/sales/shown\n") +
                              "  data: {username: u, password: shown-1}\n" +
                              "- path: secret/sales/hidden\n  data: {token: " +
                              kCanary + "}\n");
  }

  /// Starts `claviger dev` and waits until it serves.
  void StartDev(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"dev", directory()};
    for (const char* argument : {"--as", "sa/reports/nightly", "-o", "json"}) {
      arguments.emplace_back(argument);
    }
    arguments.insert(arguments.end(), {"--socket-dir", File("run")});
    arguments.insert(arguments.end(), {"--ready-file", File("ready.json")});
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto process = Start(std::move(arguments));
    ASSERT_TRUE(process.has_value());
    dev_.emplace(std::move(*process));
    const auto line = dev_->WaitForLine("\"sidecars\"", kWithin);
    ASSERT_TRUE(line.has_value()) << dev_->StderrTail();
    ready_ = json::parse(*line);
  }

  HttpAnswer Ask(const std::string& path) {
    HttpCall call;
    call.url = "http://claviger/v1/connections" + path;
    call.unix_socket = ready_["sidecars"][0]["socket"];
    return SendHttp(call).value_or(HttpAnswer{});
  }

  /// The Vault token that the account's own token gives.
  std::string LogIn() {
    const json& sidecar = ready_["sidecars"][0];
    HttpCall call;
    call.method = "POST";
    call.url = std::string(ready_["vault"]["address"]) + "/v1/auth/" +
               std::string(ready_["vault"]["authMount"]) + "/login";
    call.body = json{{"role", sidecar["role"]},
                     {"jwt", ReadFile(sidecar["tokenFile"], 8192).value_or("")}}
                    .dump();
    const auto answer = SendHttp(call);
    return answer ? answer->Json()["auth"].value("client_token", "") : "";
  }

  int StatusInVault(const std::string& token, const std::string& path) {
    HttpCall call;
    call.url = std::string(ready_["vault"]["address"]) + "/v1/" + path;
    call.headers = {{"X-Vault-Token", token}};
    return SendHttp(call).value_or(HttpAnswer{}).status;
  }

  /// Asks again until the answer has this status, for at most kWithin.
  bool BecomesStatus(const std::string& path, int status) {
    const auto end = std::chrono::steady_clock::now() + kWithin;
    while (Ask(path).status != status) {
      if (std::chrono::steady_clock::now() > end) return false;
    }
    return true;
  }

  std::optional<Process> dev_;
  json ready_;
};

}  // namespace claviger::testing
