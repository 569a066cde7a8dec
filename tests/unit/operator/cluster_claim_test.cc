// SPDX-License-Identifier: Apache-2.0
#include "operator/cluster_claim.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;

class ClusterClaimTest : public ::testing::Test {
 protected:
  Status Claim(const std::string& identity) {
    return op::ClaimCluster(process_.store(), "prod", identity);
  }
  FakeVault vault_;
  Process process_{vault_};
};

TEST_F(ClusterClaimTest, IsWrittenOnceAndFoundAgain) {
  ASSERT_TRUE(Claim("uid-1"));
  vault_.ResetCounts();
  ASSERT_TRUE(Claim("uid-1"));
  EXPECT_EQ(vault_.writes(), 0);
  EXPECT_EQ(vault_.Secret("claviger/prod/ledger/claim").at("identity"),
            "uid-1");
}

TEST_F(ClusterClaimTest, AnotherIdentityIsRefusedByName) {
  ASSERT_TRUE(Claim("uid-1"));
  const Status refused = Claim("uid-2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("uid-1"));
  EXPECT_THAT(refused.error().message, HasSubstr("uid-2"));
}

TEST_F(ClusterClaimTest, UnreadableClaimIsSomebodyElses) {
  vault_.SetSecret("claviger/prod/ledger/claim", {{"what", 1}});
  EXPECT_EQ(Claim("uid-1").error().code, ErrorCode::kConflict);
}

TEST_F(ClusterClaimTest, FailureOfVaultIsPassedOn) {
  vault_.DieAfter(0, FakeVault::Fault::kBefore);
  EXPECT_EQ(Claim("uid-1").error().code, ErrorCode::kUnavailable);
}

TEST_F(ClusterClaimTest, LostRaceIsDecidedByWhatIsThere) {
  // The read finds nothing, and somebody is faster.
  struct Racer final : vault::Api {
    explicit Racer(FakeVault& v) : vault(v) {}
    Result<vault::Answer> Do(const vault::Call& call) override {
      if (call.verb == vault::Verb::kWrite) {
        vault.SetSecret("claviger/prod/ledger/claim", {{"identity", "fast"}});
      }
      return vault.Do(call);
    }
    FakeVault& vault;
  } racer(vault_);
  op::FixedToken token{Secret("root")};
  op::VaultStore store(racer, token, "claviger");
  const Status refused = op::ClaimCluster(store, "prod", "slow");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("fast"));
}

}  // namespace
}  // namespace claviger::testing
