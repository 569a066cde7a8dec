// SPDX-License-Identifier: Apache-2.0
//
// The `claviger` binary as scripts and people use it: exit codes, and `dev`
// with its embedded Vault from files to answers on the socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"
#include "base/time.h"
#include "support/http_call.h"
#include "support/process.h"
#include "support/scratch_directory.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kWithin{20};
constexpr const char* kCanary = "canary-5e1f9a";

constexpr const char* kConnections = R"(
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

constexpr const char* kGrant = R"(
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

TEST_F(CliBinaryTest, ExitCodesSayYesErrorUsageAndNo) {
  EXPECT_EQ(ExitCodeOf({"lint", "-f", File("connections.yaml")}), 0);
  EXPECT_EQ(ExitCodeOf({"lint", "-f", File("none")}), 1);
  EXPECT_EQ(ExitCodeOf({"lint"}), 2);
  EXPECT_EQ(ExitCodeOf({"explain", "-f", File("connections.yaml"), "--as",
                        "sa/reports/nightly", "sales/shown"}),
            3);
}

TEST_F(CliBinaryTest, AnAnswerThatDoesNotGetOutIsAnError) {
  ProcessOptions options;
  options.argv = {CLAVIGER_BINARY, "who", "-f", File("connections.yaml"),
                  "sales/hidden"};
  options.stdout_path = "/dev/full";
  auto process = Process::Start(options);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->WaitForExit(kWithin), 1);
}

class DevTest : public CliBinaryTest {
 protected:
  DevTest() {
    Write("secrets.yaml", std::string("- path: secret/sales/shown\n") +
                              "  data: {username: u, password: shown-1}\n" +
                              "- path: secret/sales/hidden\n  data: {token: " +
                              kCanary + "}\n");
  }

  /// Starts `claviger dev` and waits until it serves.
  void StartDev() {
    auto process =
        Start({"dev", directory(), "--as", "sa/reports/nightly", "--socket-dir",
               File("run"), "--ready-file", File("ready.json"), "-o", "json"});
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

TEST_F(DevTest, ServesFilesThroughVaultAndRevokesWhenAGrantGoes) {
  ASSERT_NO_FATAL_FAILURE(StartDev());
  const HttpAnswer shown = Ask("/sales/shown/credential");
  EXPECT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.Json()["data"]["password"], "shown-1");
  const std::string token = LogIn();
  ASSERT_FALSE(token.empty());
  EXPECT_EQ(StatusInVault(token, "secret/data/sales/shown"), 200);

  ASSERT_TRUE(std::filesystem::remove(File("grant.yaml")));
  EXPECT_TRUE(BecomesStatus("/sales/shown/credential", 404));
  EXPECT_EQ(StatusInVault(token, "secret/data/sales/shown"), 403);

  Write("grant.yaml", kGrant);
  EXPECT_TRUE(BecomesStatus("/sales/shown/credential", 200));
}

TEST_F(DevTest, ASecretThatMayNotLeaveIsNowhere) {
  ASSERT_NO_FATAL_FAILURE(StartDev());
  const HttpAnswer refused = Ask("/sales/hidden/credential");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.Json()["reason"], "ServerSideOnly");
  const HttpAnswer explained = Ask("/sales/hidden/explain");
  EXPECT_EQ(explained.Json()["outcome"], "Allow");
  EXPECT_EQ(dev_->Stop(), 0);
  for (const std::string& text : {refused.body, explained.body, Out(), Err()}) {
    EXPECT_THAT(text, Not(HasSubstr(kCanary)));
  }
}

TEST_F(DevTest, SaysTheSameAsExplainFromFiles) {
  ASSERT_NO_FATAL_FAILURE(StartDev());
  json served = Ask("/sales/shown/explain").Json();
  ASSERT_EQ(ExitCodeOf({"explain", "-f", directory(), "--as",
                        "sa/reports/nightly", "sales/shown", "-o", "json"}),
            0);
  json explained = json::parse(Out(), nullptr, false);
  served.erase("steps");
  explained.erase("steps");
  EXPECT_EQ(served, explained);
}

TEST_F(DevTest, EndsOnSigtermAndLeavesNothingBehind) {
  ASSERT_NO_FATAL_FAILURE(StartDev());
  EXPECT_EQ(json::parse(Read("ready.json"), nullptr, false), ready_);
  const std::string socket = ready_["sidecars"][0]["socket"];
  const std::string token_file = ready_["sidecars"][0]["tokenFile"];
  EXPECT_EQ(
      std::filesystem::status(token_file).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_THAT(Err(), HasSubstr("NOT FOR PRODUCTION"));
  EXPECT_EQ(dev_->Stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket));
  EXPECT_FALSE(std::filesystem::exists(token_file));
}

TEST_F(DevTest, AWindowEndsOnTimeWithoutAFileChanging) {
  const auto end = std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now() + std::chrono::seconds(3));
  Write("grant.yaml",
        std::string(kGrant) + "  expiresAt: \"" + FormatRfc3339(end) + "\"\n");
  ASSERT_NO_FATAL_FAILURE(StartDev());
  EXPECT_EQ(Ask("/sales/shown/credential").status, 200);
  const std::string token = LogIn();
  EXPECT_EQ(StatusInVault(token, "secret/data/sales/shown"), 200);
  EXPECT_TRUE(BecomesStatus("/sales/shown/credential", 404));
  const auto deadline = std::chrono::steady_clock::now() + kWithin;
  while (StatusInVault(token, "secret/data/sales/shown") != 403) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

TEST_F(DevTest, WrongSecretsAndWrongAccountsAreSaidAtOnce) {
  EXPECT_EQ(ExitCodeOf({"dev", directory(), "--as", "user/alice"}), 2);
  EXPECT_EQ(ExitCodeOf({"dev", File("none")}), 1);
  Write("secrets.yaml",
        std::string("- {path: 1/../2, data: {x: ") + kCanary + "}}\n");
  EXPECT_EQ(ExitCodeOf({"dev", directory()}), 1);
  EXPECT_THAT(Err(), HasSubstr("secrets.yaml:1"));
  EXPECT_THAT(Err(), Not(HasSubstr(kCanary)));
}

}  // namespace
}  // namespace claviger::testing
