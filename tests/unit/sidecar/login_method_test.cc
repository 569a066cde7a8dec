// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/login_method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sidecar/session/token_keeper.h"
#include "support/fake_vault_api.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using sidecar::LoginKind;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Policies = std::vector<std::string>;

constexpr const char* kOther = "claviger.test.sa.reports.other";

class LoginMethodTest : public ::testing::Test {
 protected:
  void Make(LoginKind kind) {
    settings_ = Harness::DefaultSettings();
    settings_.vault.login = kind;
    settings_.vault.auth_mount = "machines";
    method_ = std::make_unique<sidecar::LoginMethod>(settings_, deps_);
    keeper_ = std::make_unique<sidecar::TokenKeeper>(
        settings_, deps_, metrics_, [](const sidecar::LoginSpan&) {});
  }
  void AnswerLogin(const Policies& policies) {
    vault_.Answer(200, json{{"auth",
                             {{"client_token", "s.new"},
                              {"accessor", "a"},
                              {"lease_duration", 600},
                              {"renewable", true},
                              {"policies", policies}}}}
                           .dump());
  }
  void AnswerLookup(const Policies& policies, int ttl = 600) {
    vault_.Answer(
        200, json{{"data", {{"ttl", ttl}, {"policies", policies}}}}.dump());
  }
  FakeVaultApi::Seen Last() const { return vault_.seen().back(); }

  FakeVaultApi vault_;
  FakeClock clock_;
  FakeRandom random_;
  KeptLog log_;
  sidecar::Metrics metrics_;
  std::string secret_ = "given";
  std::string uid_ = "of-before";
  sidecar::Dependencies deps_{vault_,
                              clock_,
                              random_,
                              log_,
                              [this] { return Secret(secret_ + ""); },
                              nullptr,
                              nullptr,
                              nullptr,
                              [] { return Secret(std::string("role-id")); }};
  sidecar::Settings settings_;
  std::unique_ptr<sidecar::LoginMethod> method_;
  std::unique_ptr<sidecar::TokenKeeper> keeper_;
};

TEST_F(LoginMethodTest, AppRoleSendsBothIdsOrOne) {
  Make(LoginKind::kAppRole);
  AnswerLogin({"default", kPodRole});
  ASSERT_TRUE(method_->LogIn(uid_));
  EXPECT_EQ(Last().path, "auth/machines/login");
  EXPECT_EQ(json::parse(Last().body),
            (json{{"role_id", "role-id"}, {"secret_id", "given"}}));
  deps_.token = nullptr;
  AnswerLogin({kPodRole});
  ASSERT_TRUE(method_->LogIn(uid_));
  EXPECT_EQ(json::parse(Last().body), (json{{"role_id", "role-id"}}));
  deps_.role_id = []() -> Result<Secret> {
    return Fail(ErrorCode::kNotFound, "no file");
  };
  EXPECT_EQ(method_->LogIn(uid_).error().code, ErrorCode::kUnauthenticated);
}

// Nobody else's word about whose credentials of its own they are.
TEST_F(LoginMethodTest, TellsTheAccountOfAServiceAccountsTokenOnly) {
  Make(LoginKind::kJwt);
  secret_ = JwtOfAccount("account-1");
  vault_.Answer(403, R"({"errors":[]})");
  EXPECT_FALSE(method_->LogIn(uid_));
  EXPECT_EQ(uid_, "of-before");
  AnswerLogin({kPodRole});
  ASSERT_TRUE(method_->LogIn(uid_));
  EXPECT_EQ(uid_, "account-1");
  Make(LoginKind::kAppRole);
  AnswerLogin({kPodRole});
  ASSERT_TRUE(method_->LogIn(uid_));
  EXPECT_EQ(uid_, "");
}

TEST_F(LoginMethodTest, RefusesALoginOfAnotherIdentityAndEndsIt) {
  Make(LoginKind::kAppRole);
  AnswerLogin({"default", kOther});
  vault_.Answer(204);
  const auto refused = method_->LogIn(uid_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("does not have the policy"));
  EXPECT_EQ(Last().path, "auth/token/revoke-self");
  EXPECT_EQ(Last().token, "s.new");
}

TEST_F(LoginMethodTest, RefusesRootAndTellsOfMoreThanIsNeeded) {
  Make(LoginKind::kToken);
  AnswerLookup({"root", kPodRole});
  const auto refused = method_->LogIn(uid_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the policy root"));
  // It is not ours to end.
  EXPECT_THAT(vault_.seen(), SizeIs(1));
  AnswerLookup({"default", kPodRole, kOther});
  EXPECT_TRUE(method_->LogIn(uid_));
  EXPECT_TRUE(log_.Has("may do more than the identity needs policy=" +
                       std::string(kOther)));
}

TEST_F(LoginMethodTest, AGivenTokenIsChangedForAnotherAndNeverEnded) {
  Make(LoginKind::kToken);
  AnswerLookup({kPodRole});
  auto token = keeper_->Token();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ((*token)->Reveal(), "given");
  keeper_->Maintain();
  EXPECT_THAT(vault_.seen(), SizeIs(1));
  secret_ = "next";
  // One that is refused does not take the place of one that works.
  vault_.Answer(403, R"({"errors":[]})");
  keeper_->Maintain();
  EXPECT_EQ((*keeper_->Token())->Reveal(), "given");
  clock_.Advance(std::chrono::minutes(2));
  AnswerLookup({kPodRole});
  keeper_->Maintain();
  EXPECT_EQ((*keeper_->Token())->Reveal(), "next");
  keeper_->Revoke();
  for (const auto& seen : vault_.seen()) {
    EXPECT_THAT(seen.path, Not(HasSubstr("revoke")));
  }
}

}  // namespace
}  // namespace claviger::testing
