// SPDX-License-Identifier: Apache-2.0
//
// The `claviger` binary as scripts and people use it: exit codes, and `dev`
// with its embedded Vault from files to answers on the socket.

#include "integration/cli_bed.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/time.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

TEST_F(DevTest, ListensForWhatOnlyTheSidecarConnectsTo) {
  ASSERT_NO_FATAL_FAILURE(StartDev());
  const json sidecar = ready_["sidecars"][0];
  ASSERT_EQ(sidecar["listeners"].size(), 1U) << sidecar;
  const json listener = sidecar["listeners"][0];
  EXPECT_EQ(listener["connection"], "sales/hidden");
  EXPECT_EQ(listener["protocol"], "http");
  EXPECT_GT(listener["port"], 0);
  const std::string socket = listener["socket"];
  const std::string secret_file = sidecar["secretFile"];
  EXPECT_TRUE(std::filesystem::is_socket(socket));
  EXPECT_EQ(std::filesystem::status(secret_file).permissions(),
            std::filesystem::perms::owner_read);
  EXPECT_EQ(Ask("/sales/hidden").Json()["listeners"],
            json::array({{{"protocol", "http"},
                          {"socket", socket},
                          {"port", listener["port"]}}}));
  EXPECT_EQ(dev_->Stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(secret_file));
  EXPECT_FALSE(std::filesystem::exists(
      std::filesystem::path(socket).parent_path().parent_path()));
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
