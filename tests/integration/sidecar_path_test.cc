// SPDX-License-Identifier: Apache-2.0
//
// From objects to an answer on a Unix socket, through the reconciler, a Vault
// and a sidecar. Linked once with the embedded Vault and once with the real one
// and a real API server, whose TokenReview stands behind each login.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "integration/sidecar_bed.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "vault/kv.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBase = "/v1/connections/sales/warehouse";
constexpr const char* kCredential =
    "/v1/connections/sales/warehouse/credential";

std::string ReasonOf(const SocketAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, false);
  return body.is_object() ? body.value("reason", "") : "";
}

// Each answer names its own line in the decision log; the rest must be the
// same to the letter.
std::string WithoutDecision(const SocketAnswer& answer) {
  static const std::regex id(R"(,"decisionId":"[0-9a-f]+-[0-9]+")");
  return std::regex_replace(answer.body, id, "");
}

bool IsAnswered(const SocketAnswer& answer) {
  const std::string reason = ReasonOf(answer);
  return answer.status != 0 && reason != "Starting" && reason != "LoginRefused";
}

std::function<bool(const SocketAnswer&)> Has(int status) {
  return
      [status](const SocketAnswer& answer) { return answer.status == status; };
}

class SidecarPathTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(bed->release());
  }
  static void TearDownTestSuite() {
    delete bed_;
    bed_ = nullptr;
  }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no Vault here";
    bed_->PutSecret("sales/default", R"({"user":"app","pass":"pw-default"})");
    bed_->PutSecret("sales/nightly", R"({"user":"rep","pass":"pw-nightly"})");
    bed_->PutSecret("sales/finance", R"({"user":"fin","pass":"pw-finance"})");
  }
  void TearDown() override {
    if (bed_ != nullptr) bed_->StopAll();
  }

  static model::VaultRef At(const std::string& path) {
    model::VaultRef ref = Kv2("secret", path);
    ref.keys = {{"username", "user"}, {"password", "pass"}};
    return ref;
  }
  static AConnection Layered() {
    AConnection connection("sales/warehouse");
    connection.Disclosable()
        .WithMode(model::CredentialMode::kLayered)
        .WithDefault(At("sales/default"));
    return connection;
  }
  static AGrant Allow(const std::string& name) {
    AGrant grant("sales/" + name, "warehouse");
    grant.Allowing({Privilege::kUse});
    return grant;
  }
  static model::Objects Objects(std::vector<model::Connection> connections,
                                std::vector<model::Grant> grants = {},
                                std::vector<model::Group> groups = {}) {
    model::Objects objects;
    objects.connections = std::move(connections);
    objects.grants = std::move(grants);
    objects.groups = std::move(groups);
    objects.service_accounts = {{"reports", "nightly"}, {"finance", "closer"}};
    return objects;
  }

  static inline SidecarBed* bed_ = nullptr;
  const model::ObjectRef nightly_{"reports", "nightly"};
  const model::ObjectRef closer_{"finance", "closer"};
};

TEST_F(SidecarPathTest, GivesEachItsNearestCredential) {
  bed_->Reconcile(Objects(
      {Layered()},
      {Allow("n")
           .To(Account("reports/nightly"))
           .WithCredential(At("sales/nightly")),
       Allow("f").To(InGroup("finance")).WithCredential(At("sales/finance"))},
      {AGroup("finance")
           .With(Account("finance/closer"))
           .With(Account("reports/nightly"))}));
  const std::string nightly = bed_->Run(nightly_);
  const std::string closer = bed_->Run(closer_);
  const json mine =
      json::parse(SidecarBed::GetUntil(nightly, kCredential, IsAnswered).body);
  EXPECT_EQ(mine["slot"], "grant/n") << mine.dump();
  EXPECT_EQ(mine["data"],
            (json{{"username", "rep"}, {"password", "pw-nightly"}}));
  const json theirs =
      json::parse(SidecarBed::GetUntil(closer, kCredential, IsAnswered).body);
  EXPECT_EQ(theirs["slot"], "grant/f");
  EXPECT_EQ(theirs["data"]["password"], "pw-finance");
  EXPECT_EQ(json::parse(SidecarBed::Get(
                            nightly, std::string(kCredential) + "?slot=default")
                            .body)["data"]["password"],
            "pw-default");
}

TEST_F(SidecarPathTest, RefusesASecretThatMayNotLeave) {
  bed_->Reconcile(Objects({Layered().ServerSideOnly(true)},
                          {Allow("n").To(Account("reports/nightly"))}));
  const std::string socket = bed_->Run(nightly_);
  const SocketAnswer answer =
      SidecarBed::GetUntil(socket, kCredential, IsAnswered);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(ReasonOf(answer), "ServerSideOnly");
  EXPECT_THAT(answer.body, Not(HasSubstr("pw-")));
  const json explained = json::parse(
      SidecarBed::Get(socket, std::string(kBase) + "/explain").body);
  EXPECT_EQ(explained["outcome"], "Allow");
  EXPECT_EQ(explained["slot"], "default");
}

TEST_F(SidecarPathTest, ADeletedGrantEndsHereAndInVault) {
  bed_->Reconcile(
      Objects({Layered()}, {Allow("n").To(Account("reports/nightly"))}));
  const std::string socket = bed_->Run(nightly_);
  EXPECT_EQ(SidecarBed::GetUntil(socket, kCredential, IsAnswered).status, 200);
  // A login that has nothing to do with the sidecar's cache.
  const auto token = bed_->LogIn(nightly_);
  ASSERT_TRUE(token) << token.error().message;
  ASSERT_TRUE(vault::ReadKv2(bed_->api(), *token, "secret", "sales/default"));

  bed_->Reconcile(Objects({Layered()}));
  const auto direct =
      vault::ReadKv2(bed_->api(), *token, "secret", "sales/default");
  ASSERT_FALSE(direct);
  EXPECT_EQ(direct.error().code, ErrorCode::kPermissionDenied);
  const SocketAnswer refused =
      SidecarBed::GetUntil(socket, kCredential, Has(404));
  EXPECT_EQ(ReasonOf(refused), "NotVisible");
  EXPECT_EQ(WithoutDecision(refused),
            WithoutDecision(SidecarBed::Get(
                socket, "/v1/connections/sales/no-such/credential")));
}

TEST_F(SidecarPathTest, ANewGrantBeginsHere) {
  bed_->Reconcile(Objects({Layered()}));
  const std::string socket = bed_->Run(nightly_);
  EXPECT_EQ(SidecarBed::GetUntil(socket, kCredential, IsAnswered).status, 404);
  bed_->Reconcile(
      Objects({Layered()}, {Allow("n").To(Account("reports/nightly"))}));
  EXPECT_EQ(SidecarBed::GetUntil(socket, kCredential, Has(200)).status, 200);
}

TEST_F(SidecarPathTest, RefusesAnAmbiguousChoiceByName) {
  bed_->Reconcile(
      Objects({Layered()}, {Allow("a")
                                .To(Account("reports/nightly"))
                                .WithCredential(At("sales/nightly")),
                            Allow("b")
                                .To(Account("reports/nightly"))
                                .WithCredential(At("sales/finance"))}));
  const std::string socket = bed_->Run(nightly_);
  const SocketAnswer answer =
      SidecarBed::GetUntil(socket, kCredential, IsAnswered);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(json::parse(answer.body)["slots"], (json{"grant/a", "grant/b"}));
}

TEST_F(SidecarPathTest, ServesWhatItHasWhileVaultIsSealed) {
  bed_->Reconcile(
      Objects({Layered()}, {Allow("n").To(Account("reports/nightly"))}));
  const std::string socket = bed_->Run(nightly_);
  EXPECT_EQ(SidecarBed::GetUntil(socket, kCredential, IsAnswered).status, 200);
  ASSERT_TRUE(bed_->Seal(true));
  const auto is_stale = [](bool stale) {
    return [stale](const SocketAnswer& answer) {
      return json::parse(answer.body).value("stale", !stale) == stale;
    };
  };
  const SocketAnswer answer =
      SidecarBed::GetUntil(socket, kCredential, is_stale(true));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("pw-default"));
  ASSERT_TRUE(bed_->Seal(false));
  EXPECT_TRUE(is_stale(false)(
      SidecarBed::GetUntil(socket, kCredential, is_stale(false))));
}

TEST_F(SidecarPathTest, FollowsARotation) {
  bed_->Reconcile(
      Objects({Layered()}, {Allow("n").To(Account("reports/nightly"))}));
  const std::string socket = bed_->Run(nightly_);
  EXPECT_EQ(SidecarBed::GetUntil(socket, kCredential, IsAnswered).status, 200);
  OpenStream events(socket, "/v1/watch");
  events.ReadUntil("\"generation\"");
  bed_->PutSecret("sales/default", R"({"user":"app","pass":"pw-rotated"})");
  EXPECT_THAT(events.ReadUntil("sales/warehouse"), HasSubstr("rotated"));
  EXPECT_THAT(SidecarBed::Get(socket, kCredential).body,
              HasSubstr("pw-rotated"));
}

TEST_F(SidecarPathTest, DecidesForUsersByTheirVerifiedTokens) {
  bed_->Reconcile(Objects(
      {Layered()},
      {Allow("alice").To(User("alice")),
       Allow("fin").To(InGroup("fin")).WithCredential(At("sales/finance"))},
      {AGroup("fin").Claiming("groups", "fin-team")}));
  const std::string socket = bed_->Run(nightly_);
  SidecarBed::GetUntil(socket, kBase, IsAnswered);
  const auto explain = [&](const std::string& token) {
    return SidecarBed::Get(socket, std::string(kBase) + "/explain",
                           "X-Claviger-User-Token: " + token + "\r\n");
  };
  const json alice = json::parse(explain(bed_->UserToken("alice")).body);
  EXPECT_EQ(alice["caller"], "user/alice") << alice.dump();
  EXPECT_EQ(alice["slot"], "default");
  const json bob =
      json::parse(explain(bed_->UserToken("bob", {"fin-team"})).body);
  EXPECT_EQ(bob["slot"], "grant/fin") << bob.dump();
  EXPECT_EQ(json::parse(explain(bed_->UserToken("carol")).body)["reason"],
            "NotVisible");
  EXPECT_EQ(explain(JwtSigner().Sign({{"sub", "alice"},
                                      {"aud", SidecarBed::kUserAudience},
                                      {"exp", 4'000'000'000}}))
                .status,
            401);
  const SocketAnswer credential = SidecarBed::Get(
      socket, kCredential,
      "X-Claviger-User-Token: " + bed_->UserToken("alice") + "\r\n");
  EXPECT_EQ(credential.status, 424);
  EXPECT_EQ(ReasonOf(credential), "VaultDenied");
}

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(SidecarPathTest, TheProcessServesAndLeavesNothingBehind) {
  bed_->Reconcile(
      Objects({Layered()}, {Allow("n").To(Account("reports/nightly"))}));
  const std::string config = bed_->WriteConfig(nightly_);
  ProcessOptions options;
  options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", config};
  options.stderr_path = bed_->Folder() + "/stderr";
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(process->WaitForLine("serving", std::chrono::seconds(20)));
  const std::string socket = bed_->Folder() + "/nightly.sock";
  const SocketAnswer answer =
      SidecarBed::GetUntil(socket, kCredential, IsAnswered);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("pw-default"));

  const std::string proc = "/proc/" + std::to_string(process->pid());
  for (const char* file : {"/environ", "/cmdline"}) {
    EXPECT_THAT(Slurp(proc + file), Not(HasSubstr("pw-default")));
  }
  EXPECT_THAT(Slurp(proc + "/limits"),
              ::testing::ContainsRegex("Max core file size +0 +0"));
  process->Signal(SIGTERM);
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(20)), 0);
  const std::string said = Slurp(options.stderr_path);
  EXPECT_THAT(said, HasSubstr("stopped"));
  EXPECT_THAT(said, Not(HasSubstr("token not revoked")));
  for (const char* secret : {"pw-default", "hvs.", "eyJ"}) {
    EXPECT_THAT(said, Not(HasSubstr(secret)));
  }
}

TEST_F(SidecarPathTest, TheProcessEndsOnSigtermBeforeVaultAnswers) {
  ASSERT_TRUE(bed_->Seal(true));
  const std::string config = bed_->WriteConfig(nightly_);
  ProcessOptions options;
  options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", config};
  options.stderr_path = bed_->Folder() + "/stderr";
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_TRUE(process->WaitForLine("login failed", std::chrono::seconds(20)));
  process->Signal(SIGTERM);
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(20)), 0);
  EXPECT_TRUE(bed_->Seal(false));
}

TEST_F(SidecarPathTest, TheProcessRefusesAConfigurationItDoesNotUnderstand) {
  const std::string config = bed_->Folder() + "/bad.yaml";
  ASSERT_TRUE(WriteFileAtomically(config, "cluster: prod\nmagic: 1\n", 0600));
  ProcessOptions options;
  options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", config};
  options.stderr_path = bed_->Folder() + "/stderr";
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(20)), 2);
  EXPECT_THAT(Slurp(options.stderr_path), HasSubstr("bad.yaml:2: magic"));
}

}  // namespace
}  // namespace claviger::testing
