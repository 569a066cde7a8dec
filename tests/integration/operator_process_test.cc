// SPDX-License-Identifier: Apache-2.0
//
// The operator as a program: from its configuration file and a directory of
// manifests to Vault, its pages, and its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "dev/embedded_vault.h"
#include "http/curl_client.h"
#include "operator/config.h"
#include "operator/own_policy.h"
#include "support/http_call.h"
#include "support/process.h"
#include "support/scratch_directory.h"
#include "vault/auth.h"
#include "vault/http_api.h"
#include "vault/policy.h"
#include "vault/sys.h"

namespace claviger::testing {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr seconds kPatience{60};

constexpr char kManifests[] = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, database: dw}
  owner: {kind: User, name: erin}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: nightly, namespace: sales}
spec:
  connection: warehouse
  subjects: [{kind: ServiceAccount, namespace: reports, name: nightly}]
  privileges: [use]
)";

class OperatorProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto vault = dev::EmbeddedVault::Start({clock_, random_, log_});
    ASSERT_TRUE(vault) << vault.error().message;
    vault_ = *std::move(vault);
    client_ = *http::MakeCurlClient({});
    api_ = *vault::MakeHttpApi({.address = vault_->address()}, *client_);
    auto directory = ScratchDirectory::Create();
    ASSERT_TRUE(directory);
    directory_.emplace(*std::move(directory));
    std::filesystem::create_directory(directory_->File("manifests"));
    WriteFiles();
    PrepareVault();
  }

  const Secret& root() { return vault_->root_token(); }

  void WriteFiles() {
    ASSERT_TRUE(directory_->Write("manifests/sales.yaml", kManifests));
    const auto jwt = vault_->issuer().MintServiceAccountToken(
        "claviger", "operator", "uid-1", "claviger-op", std::chrono::hours(1));
    ASSERT_TRUE(jwt);
    ASSERT_TRUE(directory_->Write("jwt", jwt->Reveal()));
    ASSERT_TRUE(directory_->Write("config.yaml", R"(
cluster: prod
clusterUid: uid-of-prod
tokenFile: )" + directory_->File("jwt") + R"(
vault:
  address: )" + vault_->address() + R"(
  mounts: [{mount: secret, engine: kv2, allow: ["{namespace}/+"]}]
audiences: {sidecar: claviger-test}
metrics: {address: 127.0.0.1, port: 0}
health: {address: 127.0.0.1, port: 0}
intervals: {pollSeconds: 1}
)"));
  }

  void PrepareVault() {
    access::VaultLayout layout;
    layout.cluster = "prod";
    ASSERT_TRUE(
        vault::EnableMount(*api_, root(), "claviger",
                           {.type = "kv", .options = {{"version", "2"}}}));
    ASSERT_TRUE(
        vault::EnableAuthMount(*api_, root(), "claviger", "kubernetes"));
    ASSERT_TRUE(vault::WritePolicy(*api_, root(), "claviger.prod.operator",
                                   op::OwnPolicyText(layout)));
    ASSERT_TRUE(vault::WriteRole(*api_, root(), "claviger",
                                 "claviger.prod.operator",
                                 R"({"bound_service_account_names":["operator"],
            "bound_service_account_namespaces":["claviger"],
            "audience":"claviger-op","token_ttl":3600,
            "token_policies":["claviger.prod.operator"]})"));
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = "auth/claviger/config";
    call.body = R"({"kubernetes_host":"https://127.0.0.1:1"})";
    call.token = &root();
    ASSERT_TRUE(api_->Do(call));
  }

  Result<Process> Start() {
    ProcessOptions options;
    options.argv = {CLAVIGER_OPERATOR, "--config",
                    directory_->File("config.yaml"), "--manifests",
                    directory_->File("manifests")};
    options.stderr_path = directory_->File("log");
    return Process::Start(options);
  }

  std::string Log() {
    return ReadFile(directory_->File("log"), 1U << 20U).value_or("");
  }

  Status Policy() {
    const auto text =
        vault::ReadPolicy(*api_, root(), "claviger.prod.sa.reports.nightly");
    return text ? Status() : Fail(text.error());
  }

  static Result<HttpAnswer> Get(int64_t port, const std::string& path) {
    HttpCall call;
    call.url = "http://127.0.0.1:" + std::to_string(port) + path;
    return SendHttp(call);
  }

  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  std::unique_ptr<dev::EmbeddedVault> vault_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> api_;
  std::optional<ScratchDirectory> directory_;
};

TEST_F(OperatorProcessTest, ReconcilesServesItsPagesAndEndsCleanly) {
  auto process = Start();
  ASSERT_TRUE(process) << process.error().message;
  const auto listening = process->WaitForLine("listening", kPatience);
  ASSERT_TRUE(listening) << process->StderrTail();
  const auto reconciled = process->WaitForLine("reconciled", kPatience);
  ASSERT_TRUE(reconciled) << process->StderrTail();
  EXPECT_TRUE(Policy());

  const auto ports = nlohmann::json::parse(*listening);
  const int64_t health = ports.at("health_port");
  EXPECT_EQ(Get(health, "/healthz")->status, 200);
  EXPECT_EQ(Get(health, "/readyz")->status, 200);
  EXPECT_THAT(Get(ports.at("metrics_port"), "/metrics")->body,
              HasSubstr("claviger_operator_principals"));

  // A deleted Grant takes the service account's rights along.
  const std::string text(kManifests);
  ASSERT_TRUE(directory_->Write("manifests/sales.yaml",
                                text.substr(0, text.find("---"))));
  while (Policy()) {
    ASSERT_TRUE(process->Running());
  }

  process->Signal(SIGTERM);
  EXPECT_EQ(process->WaitForExit(kPatience), 0) << Log();
  EXPECT_THAT(Log(), HasSubstr("stopping"));
  EXPECT_THAT(Log(), Not(HasSubstr("not revoked")));
}

TEST_F(OperatorProcessTest, EndsOnSigtermWhileVaultIsSealed) {
  vault_->Seal(true);
  auto process = Start();
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(process->WaitForLine("not claimed yet", kPatience)) << Log();
  process->Signal(SIGTERM);
  EXPECT_EQ(process->WaitForExit(kPatience), 0) << Log();
}

TEST_F(OperatorProcessTest, ClusterOfAnotherIdentityDoesNotStart) {
  auto first = Start();
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->WaitForLine("reconciled", kPatience)) << Log();
  EXPECT_EQ(first->Stop(), 0);
  std::string config = *ReadFile(directory_->File("config.yaml"), 1U << 20U);
  config.replace(config.find("uid-of-prod"), 11, "uid-of-other");
  ASSERT_TRUE(directory_->Write("config.yaml", config));
  auto second = Start();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->WaitForExit(kPatience), 1);
  EXPECT_THAT(Log(), HasSubstr("uid-of-other"));
}

TEST_F(OperatorProcessTest, WrongConfigurationIsAUsageErrorThatNamesTheKey) {
  ASSERT_TRUE(directory_->Write("config.yaml", "cluster: prod\nvualt: {}\n"));
  auto process = Start();
  ASSERT_TRUE(process);
  EXPECT_EQ(process->WaitForExit(kPatience), 2);
  EXPECT_THAT(Log(), HasSubstr("vualt"));
}

TEST_F(OperatorProcessTest, HelpNamesEveryKey) {
  ProcessOptions options;
  options.argv = {CLAVIGER_OPERATOR, "--help"};
  options.stdout_path = directory_->File("help");
  auto process = Process::Start(options);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->WaitForExit(kPatience), 0);
  const std::string help = *ReadFile(directory_->File("help"), 1U << 20U);
  for (const model::SettingKey& key : op::ConfigKeys()) {
    EXPECT_THAT(help, HasSubstr(std::string(key.path)));
  }
}

TEST_F(OperatorProcessTest, PrintsWhatSidecarsAreToldForTheGuard) {
  const auto print = [this](const std::string& address) {
    const auto ca = directory_->Write("ca.pem", "-----BEGIN x-----\n");
    const auto config = directory_->Write(
        "print.yaml",
        "cluster: prod\naudiences: {sidecar: claviger-test}\n"
        "injection: {image: sidecar}\nvault: {address: \"" +
            address + "\", caFile: " + *ca + ", mounts: []}\n");
    ProcessOptions options;
    options.argv = {CLAVIGER_OPERATOR, "--config", *config,
                    "--print-sidecar-settings"};
    options.stdout_path = options.stderr_path = directory_->File("printed");
    auto process = Process::Start(options);
    EXPECT_TRUE(process);
    EXPECT_TRUE(process->WaitForExit(kPatience));
    return ReadFile(directory_->File("printed"), 1U << 20U).value_or("");
  };
  EXPECT_EQ(print("https://v"),
            R"({"cluster":"prod","socket":{"mode":"0666"},"vault":{)"
            R"("address":"https://v","auth":{"kind":"kubernetes","mount":)"
            R"("claviger"},"ca":"-----BEGIN x-----\n","mount":"claviger"}})"
            "\n");
  EXPECT_THAT(print("http://v"), HasSubstr("injection needs vault.address"));
}

}  // namespace
}  // namespace claviger::testing
