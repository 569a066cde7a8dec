// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's binary as it runs on a machine that is in no cluster, against
// the real Vault: logins by an AppRole, a given token and a JWT, what each may
// not do, and what is left in Vault when it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "integration/sidecar_bed.h"
#include "support/await.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "support/test_jwt.h"
#include "vault/auth.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCredential =
    "/v1/connections/sales/warehouse/credential";
constexpr const char* kPolicy = "claviger.test.sa.reports.nightly";
const model::ObjectRef kNightly{"reports", "nightly"};

class OutsideTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(bed->release());
    ASSERT_EQ(
        Vault(vault::Verb::kWrite, "sys/auth/machines", {{"type", "approle"}})
            .first,
        204);
  }
  static void TearDownTestSuite() { delete std::exchange(bed_, nullptr); }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no Vault here";
    bed_->PutSecret("sales/warehouse", R"({"username":"u","password":"pw-1"})");
    model::Objects objects;
    objects.connections = {AConnection("sales/warehouse")
                               .ReadableBy(model::SecretReaders::kUsers)
                               .ServerSideOnly(false)
                               .WithDefault(Kv2("secret", "sales/warehouse"))};
    objects.grants = {AGrant("sales/nightly", "warehouse")
                          .To(Account("reports/nightly"))
                          .Allowing({model::Privilege::kUse})};
    bed_->Reconcile(std::move(objects));
    bed_->WriteConfig(kNightly);
  }

  static std::pair<int, json> Vault(vault::Verb verb, const std::string& path,
                                    const json& body = json(),
                                    const Secret* token = nullptr) {
    vault::Call call;
    call.verb = verb;
    call.path = path;
    if (!body.is_null()) call.body = body.dump();
    call.token = token == nullptr ? &bed_->root() : token;
    const auto answer = bed_->api().Do(call);
    EXPECT_TRUE(answer) << path << ": " << answer.error().message;
    if (!answer) return {0, json()};
    return {answer->status, json::parse(answer->body, nullptr, false)};
  }
  static std::string NewToken(const std::vector<std::string>& policies) {
    return Vault(vault::Verb::kWrite, "auth/token/create",
                 {{"policies", policies}, {"ttl", "1h"}})
        .second["auth"]["client_token"];
  }
  static bool Lives(const std::string& token) {
    return vault::LoginWithToken(bed_->api(), Secret(token + "")).has_value();
  }
  static size_t Tokens() {
    return Vault(vault::Verb::kList, "auth/token/accessors")
        .second["data"]["keys"]
        .size();
  }

  static std::string File(const std::string& name) {
    return bed_->Folder() + "/" + name;
  }
  static void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(File(name), text, 0600));
  }
  static std::string Log() {
    return ReadFile(File("log"), size_t{1} << 20U).value_or("");
  }

  // With `auth` for the login, whatever else a pod's would have.
  Process Start(const json& auth) {
    json config =
        json::parse(ReadFile(File("nightly.yaml"), 1U << 20U).value_or(""));
    config["vault"]["auth"] = auth;
    config["tokenFile"] = File("token");
    Write("outside.yaml", config.dump());
    ProcessOptions options;
    options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", File("outside.yaml")};
    options.stderr_path = File("log");
    auto started = Process::Start(options);
    EXPECT_TRUE(started);
    return *std::move(started);
  }
  SocketAnswer AskUntil(int status) {
    return SidecarBed::GetUntil(
        File("nightly.sock"), kCredential,
        [status](const SocketAnswer& one) { return one.status == status; });
  }
  static bool Logged(const std::string& words) {
    return Await([&] { return Log().find(words) != std::string::npos; },
                 seconds(30));
  }

  static SidecarBed* bed_;
};
SidecarBed* OutsideTest::bed_ = nullptr;

class AppRoleTest : public OutsideTest {
 protected:
  static constexpr const char* kRole = "auth/machines/role/nightly";
  void MakeRole(const std::string& policy) {
    ASSERT_EQ(Vault(vault::Verb::kWrite, kRole,
                    {{"token_policies", {policy}}, {"token_ttl", "10m"}})
                  .first,
              204);
    Write("role-id",
          std::string(Vault(vault::Verb::kRead, std::string(kRole) + "/role-id")
                          .second["data"]["role_id"]) +
              "\n");
    NewSecretId();
  }
  void NewSecretId() {
    Write("secret-id", Vault(vault::Verb::kWrite,
                             std::string(kRole) + "/secret-id", json::object())
                           .second["data"]["secret_id"]);
  }
  Process StartWithRole() {
    return Start({{"kind", "approle"},
                  {"mount", "machines"},
                  {"roleIdFile", File("role-id")},
                  {"secretIdFile", File("secret-id")}});
  }
};

TEST_F(AppRoleTest, ServesAndLeavesNothingInVault) {
  MakeRole(kPolicy);
  const size_t before = Tokens();
  Process sidecar = StartWithRole();
  const SocketAnswer answer = AskUntil(200);
  EXPECT_THAT(answer.body, HasSubstr("pw-1")) << Log();
  EXPECT_EQ(Tokens(), before + 1);
  EXPECT_EQ(sidecar.Stop(), 0);
  EXPECT_EQ(Tokens(), before);
  const std::string secret = ReadFile(File("secret-id"), 4096).value_or("");
  EXPECT_THAT(Log(), Not(HasSubstr(secret)));
}

TEST_F(AppRoleTest, ReadsASecretIdThatWasReplaced) {
  MakeRole(kPolicy);
  const std::string good = ReadFile(File("secret-id"), 4096).value_or("");
  Write("secret-id", "0f0f0f0f-0000-0000-0000-000000000000");
  Process sidecar = StartWithRole();
  ASSERT_TRUE(Logged("login failed"));
  EXPECT_EQ(AskUntil(503).status, 503);
  Write("secret-id", good);
  EXPECT_EQ(AskUntil(200).status, 200) << Log();
}

TEST_F(AppRoleTest, ARoleOfAnotherIdentityIsRefusedAndItsTokenEnded) {
  MakeRole("claviger.test.sa.reports.other");
  const size_t before = Tokens();
  Process sidecar = StartWithRole();
  ASSERT_TRUE(Logged("does not have the policy " + std::string(kPolicy)));
  EXPECT_EQ(AskUntil(503).status, 503);
  EXPECT_EQ(sidecar.Stop(), 0);
  EXPECT_EQ(Tokens(), before);
}

// Of an issuer that is no cluster: a cloud, a CI system.
TEST_F(OutsideTest, AJwtOfAnotherIssuerServesAndLeavesNothingInVault) {
  const JwtSigner issuer;
  ASSERT_EQ(Vault(vault::Verb::kWrite, "sys/auth/ci", {{"type", "jwt"}}).first,
            204);
  ASSERT_EQ(Vault(vault::Verb::kWrite, "auth/ci/config",
                  {{"jwt_validation_pubkeys", {issuer.public_pem()}}})
                .first,
            204);
  ASSERT_EQ(Vault(vault::Verb::kWrite, std::string("auth/ci/role/") + kPolicy,
                  {{"role_type", "jwt"},
                   {"user_claim", "sub"},
                   {"bound_subject", "machine-7"},
                   {"bound_audiences", {"vault"}},
                   {"token_policies", {kPolicy}}})
                .first,
            204);
  const auto now = SystemClock().Now().time_since_epoch();
  const int64_t iat = std::chrono::duration_cast<seconds>(now).count();
  const auto token_of = [&](const char* machine) {
    return issuer.Sign(
        {{"sub", machine}, {"aud", "vault"}, {"iat", iat}, {"exp", iat + 600}});
  };
  const size_t before = Tokens();
  // Another machine's first: it is refused, and the right one read again.
  Write("token", token_of("machine-8"));
  Process sidecar = Start({{"kind", "jwt"}, {"mount", "ci"}});
  ASSERT_TRUE(Logged("login failed")) << Log();
  EXPECT_EQ(AskUntil(503).status, 503);
  Write("token", token_of("machine-7"));
  EXPECT_THAT(AskUntil(200).body, HasSubstr("pw-1")) << Log();
  EXPECT_EQ(Tokens(), before + 1);
  EXPECT_EQ(sidecar.Stop(), 0);
  EXPECT_EQ(Tokens(), before);
}

TEST_F(OutsideTest, AGivenTokenServesIsReplacedAndLivesOn) {
  const std::string first = NewToken({kPolicy});
  Write("token", first + "\n");
  Process sidecar = Start({{"kind", "token"}});
  ASSERT_EQ(AskUntil(200).status, 200) << Log();

  const std::string second = NewToken({kPolicy});
  Write("token", second);
  const auto logins = [] {
    const std::string log = Log();
    size_t count = 0;
    for (size_t at = log.find("logged in"); at != std::string::npos;
         at = log.find("logged in", at + 1)) {
      ++count;
    }
    return count;
  };
  ASSERT_TRUE(Await([&] { return logins() == 2; }, seconds(30))) << Log();
  // The first is of no use any more.
  ASSERT_EQ(
      Vault(vault::Verb::kWrite, "auth/token/revoke", {{"token", first}}).first,
      204);
  bed_->PutSecret("sales/warehouse", R"({"username":"u","password":"pw-2"})");
  EXPECT_EQ(AskUnix(File("nightly.sock"), "POST",
                    "/v1/connections/sales/warehouse/report-failed")
                .status,
            200);
  EXPECT_THAT(AskUntil(200).body, HasSubstr("pw-2"));
  EXPECT_EQ(sidecar.Stop(), 0);
  EXPECT_TRUE(Lives(second));
  EXPECT_THAT(Log(), Not(HasSubstr(second)));
}

TEST_F(OutsideTest, TokensThatAreTooMuchOrAnothersAreRefused) {
  Write("token", std::string(bed_->root().Reveal()));
  {
    Process sidecar = Start({{"kind", "token"}});
    ASSERT_TRUE(Logged("the login has the policy root"));
    EXPECT_EQ(AskUntil(503).status, 503);
  }
  Write("token", NewToken({"default"}));
  Process sidecar = Start({{"kind", "token"}});
  ASSERT_TRUE(Logged("does not have the policy"));
  EXPECT_EQ(AskUntil(503).status, 503);
  EXPECT_TRUE(Lives(std::string(bed_->root().Reveal())));
}

}  // namespace
}  // namespace claviger::testing
