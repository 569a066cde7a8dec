// SPDX-License-Identifier: Apache-2.0
//
// `claviger dev --vault` and `claviger plan` on a real Vault with TLS.

#include <gmock/gmock.h>

#include <filesystem>

#include "integration/cli_bed.h"
#include "support/real_servers.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RealVaultTest : public DevTest {
 protected:
  void SetUp() override {
    auto started = RealVault::Start({.tls = true});
    CLAVIGER_NEED_SERVER(started);
    vault_ = std::move(*started);
    ASSERT_TRUE(vault_->EnableSecrets("secret", "kv-v2").has_value());
    const auto written =
        vault_->Call("POST", "secret/data/sales/shown",
                     R"({"data":{"username":"u","password":"real-1"}})");
    ASSERT_TRUE(written.has_value() && written->ok());
    Write("token", vault_->root_token() + "\n");
    Write("operator.conf",
          "cluster: dev\naudiences: {sidecar: claviger-dev}\n"
          "vault: {address: \"" +
              vault_->address() + "\", caFile: \"" + vault_->ca_path() +
              "\", auth: {kind: jwt, mount: claviger-dev}, mounts: [{mount: "
              "secret, engine: kv2, allow: [\"{namespace}/+\"]}]}\n");
  }

  void StartOnVault() {
    StartDev({"--vault", vault_->address(), "--vault-ca", vault_->ca_path(),
              "--token-file", File("token")});
  }

  std::vector<std::string> PlanArguments() const {
    return {"plan",
            "-f",
            directory(),
            "--config",
            File("operator.conf"),
            "--token-file",
            File("token"),
            "-o",
            "json"};
  }

  std::unique_ptr<RealVault> vault_;
};

TEST_F(RealVaultTest, DevServesFromItAndRevokesInIt) {
  ASSERT_NO_FATAL_FAILURE(StartOnVault());
  const HttpAnswer shown = Ask("/sales/shown/credential");
  EXPECT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.Json()["data"]["password"], "real-1");

  ASSERT_TRUE(std::filesystem::remove(File("grant.yaml")));
  EXPECT_TRUE(BecomesStatus("/sales/shown/credential", 404));
  const auto policy =
      vault_->Call("GET", "sys/policies/acl/claviger.dev.sa.reports.nightly");
  ASSERT_TRUE(policy.has_value());
  EXPECT_THAT(policy->body, Not(HasSubstr("sales/shown")));
  EXPECT_EQ(dev_->Stop(), 0);
}

TEST_F(RealVaultTest, DevNeverWritesSecretsToIt) {
  ASSERT_NO_FATAL_FAILURE(StartOnVault());
  const auto hidden = vault_->Call("GET", "secret/data/sales/hidden");
  ASSERT_TRUE(hidden.has_value());
  EXPECT_EQ(hidden->status, 404);
}

TEST_F(RealVaultTest, PlanSeesWhatDevLeftToDo) {
  ASSERT_NO_FATAL_FAILURE(StartOnVault());
  EXPECT_EQ(dev_->Stop(), 0);
  ASSERT_TRUE(std::filesystem::remove(File("grant.yaml")));
  EXPECT_EQ(ExitCodeOf(PlanArguments()), 0) << Err();
  const json plan = json::parse(Out(), nullptr, false);
  bool takes_away = false;
  for (const json& change : plan["changes"]) {
    takes_away |= change["name"] == "claviger.dev.sa.reports.nightly";
  }
  EXPECT_TRUE(takes_away) << Out();
  EXPECT_THAT(Out() + Err(), Not(HasSubstr(vault_->root_token())));
}

TEST_F(RealVaultTest, AnUntrustedVaultIsAnError) {
  EXPECT_EQ(ExitCodeOf({"dev", directory(), "--vault", vault_->address(),
                        "--token-file", File("token")}),
            1);
}

std::vector<std::string> VaultArguments(const std::string& command,
                                        const std::string& config,
                                        const std::string& token) {
  return {"vault", command, "--config", config, "--token-file", token};
}

TEST_F(RealVaultTest, SetupPreparesItOnceAndDoctorIsContent) {
  Write("setup.conf",
        "cluster: dev\naudiences: {sidecar: side, operator: op}\n"
        "vault: {address: \"" +
            vault_->address() + "\", caFile: \"" + vault_->ca_path() +
            "\", auth: {kind: kubernetes, mount: pods}, mounts: [{mount: "
            "secret, engine: kv2, allow: [\"{namespace}/+\"]}]}\n");
  Write("reviewer", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n");
  auto setup = VaultArguments("setup", File("setup.conf"), File("token"));
  setup.insert(setup.end(),
               {"--kubernetes-host", "https://10.0.0.1:6443", "-o", "json"});
  // This Vault is not in a pod, so there is no authority to default to.
  EXPECT_EQ(ExitCodeOf(setup), 1);
  EXPECT_THAT(Err(), HasSubstr("give --kubernetes-ca"));
  setup.insert(setup.end(), {"--kubernetes-ca", vault_->ca_path()});
  auto with_reviewer = setup;
  with_reviewer.insert(with_reviewer.end(),
                       {"--reviewer-token-file", File("reviewer")});
  ASSERT_EQ(ExitCodeOf(with_reviewer), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("with a reviewer"));
  ASSERT_EQ(ExitCodeOf(setup), 0) << Err();
  EXPECT_THAT(Out(), Not(HasSubstr("done"))) << Out();
  EXPECT_EQ(
      ExitCodeOf(VaultArguments("doctor", File("setup.conf"), File("token"))),
      0)
      << Out();
}

TEST_F(RealVaultTest, DoctorSeesAWrongAuthorityAndASeal) {
  Write("wrong.conf",
        "cluster: dev\naudiences: {sidecar: side, operator: op}\n"
        "vault: {address: \"" +
            vault_->address() + "\", mounts: []}\n");
  auto doctor = VaultArguments("doctor", File("wrong.conf"), File("token"));
  EXPECT_EQ(ExitCodeOf(doctor), 3);
  EXPECT_THAT(Out(), HasSubstr("PROBLEM  certificate:"));
  EXPECT_THAT(Out(), HasSubstr("vault.caFile"));
  ASSERT_TRUE(vault_->Seal());
  doctor = VaultArguments("doctor", File("operator.conf"), File("token"));
  EXPECT_EQ(ExitCodeOf(doctor), 3);
  EXPECT_THAT(Out(), HasSubstr("PROBLEM  seal: Vault is sealed"));
}

}  // namespace
}  // namespace claviger::testing
