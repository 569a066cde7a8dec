// SPDX-License-Identifier: Apache-2.0
#include "operator/vault_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "support/fake_vault_api.h"

namespace claviger::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class VaultSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "claviger-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::ofstream(directory_ / "jwt") << "jwt-1\n";
    settings_.mount = "claviger";
    settings_.role = "claviger.prod.operator";
    settings_.token_file = (directory_ / "jwt").string();
    api_.SetHandler(
        [this](const FakeVaultApi::Seen& seen) { return Play(seen); });
    Start();
  }
  void TearDown() override { fs::remove_all(directory_); }
  void Start() { session_.emplace(api_, settings_, clock_, random_, log_); }

  Result<vault::Answer> Play(const FakeVaultApi::Seen& seen) {
    if (seen.path == "auth/claviger/login") {
      ++logins_;
      last_login_ = seen.body;
      if (login_error_) return Fail(*login_error_);
      return Auth("token-" + std::to_string(logins_), 3600);
    }
    if (seen.path == "auth/token/renew-self") {
      ++renewals_;
      if (renew_error_) return Fail(*renew_error_);
      return Auth(seen.token, renewed_life_);
    }
    if (seen.path == "auth/token/revoke-self") {
      revoked_.push_back(seen.token);
      return vault::Answer(204, "");
    }
    if (seen.path == "auth/token/lookup-self") {
      return vault::Answer(
          200, R"({"data":{"ttl":0,"renewable":false,"policies":[]}})");
    }
    return Fail(ErrorCode::kInternal, seen.path);
  }
  static Result<vault::Answer> Auth(const std::string& token, int life) {
    return vault::Answer(200, R"({"auth":{"client_token":")" + token +
                                  R"(","lease_duration":)" +
                                  std::to_string(life) +
                                  R"(,"renewable":true,"policies":["p"]}})");
  }
  std::string Token() {
    const Result<const Secret*> token = session_->Token();
    return token ? std::string((*token)->Reveal())
                 : "error: " + token.error().message;
  }

  fs::path directory_;
  FakeClock clock_;
  FakeRandom random_;
  NullLogger log_;
  FakeVaultApi api_;
  op::LoginSettings settings_;
  std::optional<op::VaultSession> session_;
  int logins_ = 0;
  int renewals_ = 0;
  int renewed_life_ = 3600;
  std::string last_login_;
  std::optional<Error> login_error_;
  std::optional<Error> renew_error_;
  std::vector<std::string> revoked_;
};

TEST_F(VaultSessionTest, LogsInOnceAndKeepsTheToken) {
  EXPECT_EQ(Token(), "token-1");
  EXPECT_EQ(Token(), "token-1");
  EXPECT_EQ(logins_, 1);
  EXPECT_THAT(last_login_, HasSubstr("claviger.prod.operator"));
  EXPECT_THAT(last_login_, HasSubstr("\"jwt-1\""));
}

TEST_F(VaultSessionTest, RenewsAtAboutHalfOfItsLife) {
  Token();
  clock_.Advance(seconds(1'400));
  Token();
  EXPECT_EQ(renewals_, 0);
  clock_.Advance(seconds(800));
  EXPECT_EQ(Token(), "token-1");
  EXPECT_EQ(renewals_, 1);
  Token();
  EXPECT_EQ(renewals_, 1);
}

TEST_F(VaultSessionTest, IsReplacedNearItsGreatestAge) {
  Token();
  renewed_life_ = 600;
  std::ofstream(directory_ / "jwt") << "jwt-2";
  clock_.Advance(seconds(2'200));
  EXPECT_EQ(Token(), "token-2");
  EXPECT_THAT(last_login_, HasSubstr("jwt-2"));
  EXPECT_THAT(revoked_, ::testing::ElementsAre("token-1"));
}

TEST_F(VaultSessionTest, IsKeptUntilItsEndWhereItCannotBeRenewed) {
  Token();
  renew_error_ = Error{ErrorCode::kUnavailable, "away"};
  login_error_ = renew_error_;
  clock_.Advance(seconds(2'200));
  EXPECT_EQ(Token(), "token-1");
  clock_.Advance(seconds(1'300));
  EXPECT_EQ(Token(), "token-1");
  clock_.Advance(seconds(200));
  EXPECT_THAT(Token(), HasSubstr("away"));
}

TEST_F(VaultSessionTest, RefusedTokenIsReplacedOnceThenBacksOff) {
  Token();
  clock_.Advance(minutes(20));
  EXPECT_TRUE(session_->Refused());
  EXPECT_EQ(Token(), "token-2");
  EXPECT_THAT(revoked_, ::testing::ElementsAre("token-1"));
  // Refused again at once: the rights are missing, not the token.
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(session_->Refused());
  EXPECT_EQ(logins_, 2);
  EXPECT_EQ(Token(), "token-2");
  clock_.Advance(minutes(2));
  EXPECT_TRUE(session_->Refused());
  EXPECT_EQ(logins_, 3);
}

TEST_F(VaultSessionTest, RefusedLoginsAreFewHoweverOftenTheTokenIsWanted) {
  login_error_ = Error{ErrorCode::kPermissionDenied, "no"};
  for (int i = 0; i < 600; ++i) {
    EXPECT_THAT(Token(), HasSubstr("log in to vault: no"));
    clock_.Advance(seconds(1));
  }
  EXPECT_LT(logins_, 40);
  login_error_.reset();
  clock_.Advance(minutes(1));
  EXPECT_THAT(Token(), HasSubstr("token-"));
}

TEST_F(VaultSessionTest, MissingTokenFileIsSaid) {
  fs::remove(directory_ / "jwt");
  EXPECT_THAT(Token(), HasSubstr("jwt"));
  EXPECT_EQ(logins_, 0);
}

TEST_F(VaultSessionTest, EmptyTokenFileIsSaid) {
  std::ofstream(directory_ / "jwt") << "\n";
  EXPECT_THAT(Token(), HasSubstr("empty"));
}

TEST_F(VaultSessionTest, CloseRevokesItsOwnLogin) {
  Token();
  session_->Close();
  EXPECT_THAT(revoked_, ::testing::ElementsAre("token-1"));
  session_->Close();
  EXPECT_THAT(revoked_, ::testing::SizeIs(1));
}

TEST_F(VaultSessionTest, GivenTokenIsUsedAndNeverRevoked) {
  std::ofstream(directory_ / "vault-token") << "given\n";
  settings_.vault_token_file = (directory_ / "vault-token").string();
  Start();
  EXPECT_EQ(Token(), "given");
  clock_.Advance(std::chrono::hours(100));
  EXPECT_EQ(Token(), "given");
  session_->Close();
  EXPECT_EQ(logins_, 0);
  EXPECT_THAT(revoked_, ::testing::IsEmpty());
}

}  // namespace
}  // namespace claviger::testing
