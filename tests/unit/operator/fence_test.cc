// SPDX-License-Identifier: Apache-2.0
//
// Replicas that take over from each other on one Vault that knows its tokens.
#include "operator/fence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "operator/vault_store.h"
#include "support/fake_vault.h"

namespace claviger::testing {
namespace {

using op::Fence;

/// A FakeVault that takes only tokens that were issued and not revoked; the
/// token "x" has the accessor "acc-x".
class TokenVault final : public vault::Api {
 public:
  Result<vault::Answer> Do(const vault::Call& call) override {
    const std::string token(call.token == nullptr ? "" : call.token->Reveal());
    if (tokens_.count(token) == 0) {
      return Fail(ErrorCode::kPermissionDenied, "permission denied");
    }
    if (call.path != "auth/token/revoke-accessor") return store_.Do(call);
    const std::string accessor =
        nlohmann::json::parse(call.body).at("accessor");
    if (tokens_.erase(accessor.substr(4)) == 0) {
      return Fail(ErrorCode::kInvalidArgument, "invalid accessor");
    }
    if (on_revoke) on_revoke();
    return vault::Answer(204, "");
  }
  void Issue(const std::string& token) { tokens_.insert(token); }
  bool IsAlive(const std::string& token) const {
    return tokens_.count(token) > 0;
  }
  std::string Leader() const {
    const auto entry = store_.Secret("claviger/prod/ledger/leader");
    return entry.is_null() ? "" : entry.at("accessor").get<std::string>();
  }
  FakeVault& store() { return store_; }

  std::function<void()> on_revoke;

 private:
  FakeVault store_;
  std::set<std::string> tokens_;
};

/// Logs in anew whenever its token is refused, as the real session does.
class Session final : public op::AccessorSource {
 public:
  Session(TokenVault& vault, std::string name)
      : vault_(vault), name_(std::move(name)) {
    LogIn();
  }
  Result<const Secret*> Token() override { return &token_; }
  bool Refused() override {
    LogIn();
    return true;
  }
  const std::string& accessor() const override { return accessor_; }
  void LoseAccessor() { accessor_.clear(); }
  std::string token() const { return std::string(token_.Reveal()); }

 private:
  void LogIn() {
    const std::string token = name_ + std::to_string(++logins_);
    vault_.Issue(token);
    token_ = Secret(std::string(token));
    accessor_ = "acc-" + token;
  }
  TokenVault& vault_;
  std::string name_;
  int logins_ = 0;
  Secret token_;
  std::string accessor_;
};

struct Replica {
  Replica(TokenVault& vault, const std::string& name)
      : session(vault, name),
        fence(vault, session, "claviger", "prod"),
        store(vault, fence, "claviger") {}
  std::string Write() {
    const Status done = store.WritePolicy("claviger.prod.sa.a.b", "{}");
    return done ? "ok" : std::string(ToString(done.error().code));
  }
  Session session;
  Fence fence;
  op::VaultStore store;
};

class FenceTest : public ::testing::Test {
 protected:
  TokenVault vault_;
  Replica first_{vault_, "first"};
  Replica second_{vault_, "second"};
};

TEST_F(FenceTest, WritesNothingBeforeItHasTakenOver) {
  EXPECT_EQ(first_.Write(), "unavailable");
  ASSERT_TRUE(first_.fence.TakeOver());
  EXPECT_EQ(first_.Write(), "ok");
  EXPECT_EQ(vault_.Leader(), "acc-first1");
}

TEST_F(FenceTest, ThePredecessorsTokenIsRevoked) {
  ASSERT_TRUE(first_.fence.TakeOver());
  ASSERT_TRUE(second_.fence.TakeOver());
  EXPECT_FALSE(vault_.IsAlive("first1"));
  EXPECT_EQ(vault_.Leader(), "acc-second1");
}

// Paused, continued, refused, logged in anew: and still it may not write.
TEST_F(FenceTest, AFormerLeaderThatLogsInAnewWritesNothing) {
  ASSERT_TRUE(first_.fence.TakeOver());
  ASSERT_TRUE(second_.fence.TakeOver());
  const std::string before = vault_.store().Dump();
  EXPECT_TRUE(first_.fence.leads());
  EXPECT_EQ(first_.Write(), "conflict");
  EXPECT_FALSE(first_.fence.leads());
  EXPECT_EQ(first_.Write(), "unavailable");
  EXPECT_EQ(vault_.store().Dump(), before);
  EXPECT_EQ(second_.Write(), "ok");
}

TEST_F(FenceTest, ALeadersNewTokenIsInTheLedgerBeforeItIsUsed) {
  ASSERT_TRUE(first_.fence.TakeOver());
  first_.session.Refused();
  EXPECT_EQ(first_.Write(), "ok");
  EXPECT_EQ(vault_.Leader(), "acc-first2");
  ASSERT_TRUE(second_.fence.TakeOver());
  EXPECT_FALSE(vault_.IsAlive("first2"));
}

// Between the revocation and our entry the other one puts a new token there.
TEST_F(FenceTest, ATokenPutThereMeanwhileIsRevokedToo) {
  ASSERT_TRUE(first_.fence.TakeOver());
  bool once = false;
  vault_.on_revoke = [&] {
    if (once) return;
    once = true;
    EXPECT_EQ(first_.Write(), "ok");
  };
  ASSERT_TRUE(second_.fence.TakeOver());
  EXPECT_FALSE(vault_.IsAlive("first1"));
  EXPECT_FALSE(vault_.IsAlive("first2"));
  EXPECT_NE(first_.Write(), "ok");
}

TEST_F(FenceTest, APlannedStopLeavesNobodyToRevoke) {
  ASSERT_TRUE(first_.fence.TakeOver());
  ASSERT_TRUE(first_.fence.StepDown());
  EXPECT_EQ(vault_.Leader(), "");
  EXPECT_EQ(first_.Write(), "unavailable");
  ASSERT_TRUE(second_.fence.TakeOver());
  EXPECT_TRUE(vault_.IsAlive("first1"));
}

TEST_F(FenceTest, AStepDownThatComesLateLeavesTheSuccessorAlone) {
  ASSERT_TRUE(first_.fence.TakeOver());
  ASSERT_TRUE(second_.fence.TakeOver());
  EXPECT_FALSE(first_.fence.StepDown());
  EXPECT_EQ(vault_.Leader(), "acc-second1");
}

TEST_F(FenceTest, APredecessorThatEndedByItselfIsNoObstacle) {
  ASSERT_TRUE(first_.fence.TakeOver());
  vault_.store().SetSecret(
      "claviger/prod/ledger/leader",
      {{"stamp", {{"by", "claviger"}, {"cluster", "prod"}, {"format", 1}}},
       {"accessor", "acc-long-gone"}});
  EXPECT_TRUE(second_.fence.TakeOver());
}

TEST_F(FenceTest, ItsOwnTokenIsNotRevokedWhenItTakesOverAgain) {
  ASSERT_TRUE(first_.fence.TakeOver());
  ASSERT_TRUE(first_.fence.TakeOver());
  EXPECT_EQ(first_.Write(), "ok");
}

TEST_F(FenceTest, AnEntryOfSomebodyElseIsLeftAlone) {
  vault_.store().SetSecret("claviger/prod/ledger/leader",
                           {{"accessor", "acc-second1"}});
  const Status taken = first_.fence.TakeOver();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(vault_.IsAlive("second1"));
}

TEST_F(FenceTest, ATokenWithoutAccessorCannotLead) {
  first_.session.LoseAccessor();
  const Status taken = first_.fence.TakeOver();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kInvalidArgument);
}

// Cut off at any call: who comes next gets through, and the old one does not.
TEST_F(FenceTest, CutOffAnywhereTheNextOneTakesOver) {
  for (int n = 0; n < 4; ++n) {
    for (const auto fault :
         {FakeVault::Fault::kBefore, FakeVault::Fault::kAfter}) {
      TokenVault vault;
      Replica old(vault, "old");
      ASSERT_TRUE(old.fence.TakeOver());
      Replica cut(vault, "cut");
      vault.store().DieAfter(n, fault);
      (void)cut.fence.TakeOver();
      vault.store().Heal();
      Replica last(vault, "last");
      ASSERT_TRUE(last.fence.TakeOver()) << n;
      EXPECT_NE(old.Write(), "ok") << n;
      EXPECT_NE(cut.Write(), "ok") << n;
      EXPECT_EQ(last.Write(), "ok") << n;
    }
  }
}

}  // namespace
}  // namespace claviger::testing
