// SPDX-License-Identifier: Apache-2.0
//
// The real servers themselves: that each starts and does what the other
// integration tests build upon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "support/real_servers.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(ProcessTest, ReportsHowAProgramEnded) {
  ProcessOptions options;
  options.argv = {"sh", "-c", "exit 7"};
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(30)), 7);
  EXPECT_FALSE(process->Running());
}

TEST(ProcessTest, MissingProgramIsNotAvailable) {
  ProcessOptions options;
  options.argv = {"claviger-no-such-program"};
  auto process = Process::Start(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kUnsupported);
}

TEST(ProcessTest, KillsWhatDoesNotHeedSigterm) {
  auto directory = ScratchDirectory::Create();
  ASSERT_TRUE(directory) << directory.error().message;
  ProcessOptions options;
  options.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do :; done"};
  options.stdout_path = directory->File("out");
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  auto line = process->WaitForLine("ready", std::chrono::seconds(30));
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(process->Stop(std::chrono::milliseconds(20)), 128 + SIGKILL);
}

TEST(ProcessTest, WaitingForALineEndsWithTheProcess) {
  auto directory = ScratchDirectory::Create();
  ASSERT_TRUE(directory) << directory.error().message;
  ProcessOptions options;
  options.argv = {"sh", "-c", "echo broken >&2; exit 1"};
  options.stderr_path = directory->File("err");
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  auto line = process->WaitForLine("ready", std::chrono::seconds(30));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(line.error().message, HasSubstr("broken"));
}

TEST(RealVaultTest, WritesAndReadsKeyValueVersion2) {
  auto vault = RealVault::Start();
  CLAVIGER_NEED_SERVER(vault);
  auto mounted = (*vault)->EnableSecrets("secret", "kv-v2");
  ASSERT_TRUE(mounted) << mounted.error().message;
  auto written = (*vault)->Call("POST", "secret/data/sales/warehouse",
                                R"({"data":{"user":"dw"}})");
  ASSERT_TRUE(written) << written.error().message;
  ASSERT_EQ(written->status, 200) << written->body;
  auto read = (*vault)->Call("GET", "secret/data/sales/warehouse");
  ASSERT_TRUE(read) << read.error().message;
  const json answer = read->Json();
  EXPECT_EQ(answer["data"]["data"], json({{"user", "dw"}})) << read->body;
  EXPECT_EQ(answer["data"]["metadata"]["version"], 1);
}

TEST(RealVaultTest, AnswersThatItIsSealedUntilUnsealed) {
  auto vault = RealVault::Start();
  CLAVIGER_NEED_SERVER(vault);
  auto sealed = (*vault)->Seal();
  ASSERT_TRUE(sealed) << sealed.error().message;
  auto refused = (*vault)->Call("GET", "sys/mounts");
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 503) << refused->body;
  EXPECT_THAT(refused->body, HasSubstr("sealed"));
  auto health = (*vault)->Call("GET", "sys/health");
  ASSERT_TRUE(health) << health.error().message;
  EXPECT_EQ(health->status, 503);

  auto unsealed = (*vault)->Unseal();
  ASSERT_TRUE(unsealed) << unsealed.error().message;
  auto mounts = (*vault)->Call("GET", "sys/mounts");
  ASSERT_TRUE(mounts) << mounts.error().message;
  EXPECT_EQ(mounts->status, 200) << mounts->body;
}

TEST(RealVaultTest, StartsSealedBehindTls) {
  auto vault = RealVault::Start({.tls = true, .state = VaultState::kSealed});
  CLAVIGER_NEED_SERVER(vault);
  EXPECT_THAT((*vault)->address(), HasSubstr("https://127.0.0.1:"));
  auto health = (*vault)->Call("GET", "sys/health");
  ASSERT_TRUE(health) << health.error().message;
  EXPECT_EQ(health->status, 503) << health->body;
  auto unsealed = (*vault)->Unseal();
  ASSERT_TRUE(unsealed) << unsealed.error().message;

  HttpCall untrusting = (*vault)->Prepare("GET", "sys/health");
  untrusting.ca_file.clear();
  EXPECT_FALSE(SendHttp(untrusting));
}

TEST(RealVaultTest, SaysThatItIsNotInitialised) {
  auto vault =
      RealVault::Start({.tls = false, .state = VaultState::kUninitialised});
  CLAVIGER_NEED_SERVER(vault);
  auto health = (*vault)->Call("GET", "sys/health");
  ASSERT_TRUE(health) << health.error().message;
  EXPECT_EQ(health->status, 501) << health->body;
}

TEST(RealPostgresTest, VaultMakesADatabaseUser) {
  auto database = RealPostgres::Start();
  CLAVIGER_NEED_SERVER(database);
  auto vault = RealVault::Start();
  CLAVIGER_NEED_SERVER(vault);
  auto mounted = (*vault)->EnableSecrets("database", "database");
  ASSERT_TRUE(mounted) << mounted.error().message;

  HttpCall configure = (*vault)->Prepare("POST", "database/config/dw");
  configure.body = json{{"plugin_name", "postgresql-database-plugin"},
                        {"allowed_roles", "*"},
                        {"username", (*database)->user()},
                        {"password", (*database)->password()},
                        {"connection_url",
                         "postgresql://{{username}}:{{password}}@127.0.0.1:" +
                             std::to_string((*database)->port()) +
                             "/postgres?sslmode=verify-full&sslrootcert=" +
                             (*database)->ca_path()}}
                       .dump();
  auto configured = SendHttpOk(configure);
  ASSERT_TRUE(configured) << configured.error().message;
  HttpCall role = (*vault)->Prepare("POST", "database/roles/sales.ro");
  role.body = json{{"db_name", "dw"},
                   {"creation_statements",
                    "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}'"}}
                  .dump();
  auto made = SendHttpOk(role);
  ASSERT_TRUE(made) << made.error().message;

  auto credential =
      SendHttpOk((*vault)->Prepare("GET", "database/creds/sales.ro"));
  ASSERT_TRUE(credential) << credential.error().message;
  const std::string user = credential->Json()["data"]["username"];
  auto found = (*database)->Query(
      "SELECT count(*) FROM pg_roles WHERE rolname='" + user + "'");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, "1\n");
}

/// Cluster and Vault together, started once.
class KubernetesAuthTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_kube = new Result<std::unique_ptr<RealKubeApiServer>>(
        RealKubeApiServer::Start());
    shared_vault = new Result<std::unique_ptr<RealVault>>(RealVault::Start());
  }
  static void TearDownTestSuite() {
    delete shared_vault;
    delete shared_kube;
  }

  void SetUp() override {
    CLAVIGER_NEED_SERVER(*shared_kube);
    CLAVIGER_NEED_SERVER(*shared_vault);
  }

  static const RealKubeApiServer& Kube() { return ***shared_kube; }
  static const RealVault& Vault() { return ***shared_vault; }

  /// Vault's answer to a login with a token of sa/reports/nightly.
  static Result<HttpAnswer> Login(const std::string& mount,
                                  const std::string& audience) {
    auto token = Kube().RequestToken("reports", "nightly", {audience});
    if (!token) {
      return Fail(token.error());
    }
    return Vault().Call("POST", "auth/" + mount + "/login",
                        json{{"role", "nightly"}, {"jwt", *token}}.dump());
  }

  inline static Result<std::unique_ptr<RealKubeApiServer>>* shared_kube =
      nullptr;
  inline static Result<std::unique_ptr<RealVault>>* shared_vault = nullptr;
};

TEST_F(KubernetesAuthTest, TokenOfTheRightAudienceLogsIn) {
  auto configured = ConfigureKubernetesAuth(Vault(), Kube(), "cluster");
  ASSERT_TRUE(configured) << configured.error().message;
  auto prepared = Kube().CreateNamespace("reports").and_then(
      [] { return Kube().CreateServiceAccount("reports", "nightly"); });
  ASSERT_TRUE(prepared) << prepared.error().message;
  auto role = Vault().Call(
      "POST", "auth/cluster/role/nightly",
      R"({"bound_service_account_names":"nightly","audience":"claviger",
          "bound_service_account_namespaces":"reports"})");
  ASSERT_TRUE(role) << role.error().message;
  ASSERT_TRUE(role->ok()) << role->body;

  auto right = Login("cluster", "claviger");
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ(right->status, 200) << right->body;
  EXPECT_EQ(right->Json()["auth"]["metadata"]["service_account_name"],
            "nightly");

  auto wrong = Login("cluster", "somebody-else");
  ASSERT_TRUE(wrong) << wrong.error().message;
  EXPECT_EQ(wrong->status, 403) << wrong->body;
}

TEST_F(KubernetesAuthTest, VaultVerifiesTokensByTheClustersPublicKey) {
  auto enabled = Vault().EnableAuth("jwt", "jwt");
  ASSERT_TRUE(enabled) << enabled.error().message;
  HttpCall configure = Vault().Prepare("POST", "auth/jwt/config");
  configure.body =
      json{{"jwt_validation_pubkeys", {Kube().token_public_key_pem()}},
           {"bound_issuer", Kube().issuer()}}
          .dump();
  auto configured = SendHttpOk(configure);
  ASSERT_TRUE(configured) << configured.error().message;
  auto prepared = Kube().CreateNamespace("reports").and_then(
      [] { return Kube().CreateServiceAccount("reports", "nightly"); });
  ASSERT_TRUE(prepared) << prepared.error().message;
  auto role = Vault().Call(
      "POST", "auth/jwt/role/nightly",
      R"({"role_type":"jwt","user_claim":"sub","bound_audiences":"claviger",
          "bound_subject":"system:serviceaccount:reports:nightly"})");
  ASSERT_TRUE(role) << role.error().message;
  ASSERT_TRUE(role->ok()) << role->body;

  auto right = Login("jwt", "claviger");
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ(right->status, 200) << right->body;
  auto wrong = Login("jwt", "somebody-else");
  ASSERT_TRUE(wrong) << wrong.error().message;
  EXPECT_EQ(wrong->status, 400) << wrong->body;
}

TEST_F(KubernetesAuthTest, ClientCertificatesNameUserAndGroups) {
  auto certificate = Kube().IssueClientCertificate("alice", {"finance"});
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_THAT(certificate->certificate_pem, HasSubstr("BEGIN CERTIFICATE"));
  auto version = SendHttpOk(Kube().Prepare("GET", "/version"));
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_THAT(version->Json().value("gitVersion", ""), HasSubstr("v1."));
}

}  // namespace
}  // namespace claviger::testing
