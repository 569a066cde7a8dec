// SPDX-License-Identifier: Apache-2.0
//
// Objects out of an etcd backup, after the leader found that they had been
// deleted: nobody wins a say by them. erin owns sales/warehouse; sam holds
// `share` on it and is in the group finance, whose admin is carol.
#include <gmock/gmock.h>

#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT: the bed of these tests

class RestoredTest : public ::testing::Test {
 protected:
  RestoredTest() {
    bed_.settings.admins.push_back({{"root"}, {}, {"*"}});
    bed_.Store(GroupJson("finance", {UserJson("sam")}, {UserJson("carol")}));
    bed_.Store(ConnectionJson("sales/warehouse", "erin"));
    bed_.Store(GrantJson("sales/sharer", "warehouse", {UserJson("sam")},
                         {"use", "share"}));
  }
  void Restore(const std::string& kind, const std::string& ref) {
    bed_.Restore(bed_.Stored(kind, ref));
  }
  static void ExpectRefused(const Verdict& verdict, Rule rule,
                            const std::string& reason) {
    EXPECT_FALSE(verdict.allowed);
    EXPECT_EQ(ToString(verdict.rule), ToString(rule)) << verdict.message;
    EXPECT_THAT(verdict.message, HasSubstr(reason));
  }
  static void ExpectAllowed(const Verdict& verdict) {
    EXPECT_TRUE(verdict.allowed) << verdict.message;
  }
  json GrantBy(const std::string& user) {
    return GrantJson("sales/g", "warehouse", {UserJson(user)}, {"use"});
  }

  Bed bed_;
};

TEST_F(RestoredTest, AGrantOfShareLetsNobodyShare) {
  ExpectAllowed(bed_.Create("sam", GrantBy("dan")));
  Restore("Grant", "sales/sharer");
  ExpectRefused(bed_.Create("sam", GrantBy("dan")), Rule::kPrivilege,
                "writing Grants needs share");
  // Nor can it be brought back to life by whom it names.
  const json old = bed_.Stored("Grant", "sales/sharer");
  json now = old;
  now["spec"]["reason"] = "mine again";
  ExpectRefused(bed_.Update("sam", old, now), Rule::kPrivilege,
                "writing Grants needs share");
  ExpectAllowed(bed_.Update("erin", old, now));
  ExpectAllowed(bed_.Delete("erin", old));
}

TEST_F(RestoredTest, AConnectionGivesItsOwnerNoSay) {
  Restore("Connection", "sales/warehouse");
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["spec"]["endpoint"]["host"] = "evil.example";
  for (const char* user : {"erin", "sam"}) {
    ExpectRefused(bed_.Update(user, old, now), Rule::kPrivilege,
                  "comes from a backup, so nobody holds anything on it");
    ExpectRefused(bed_.Delete(user, old), Rule::kPrivilege, "from a backup");
    ExpectRefused(bed_.Create(user, GrantBy("dan")), Rule::kPrivilege,
                  "writing Grants needs share");
  }
  ExpectAllowed(bed_.Update("root", old, now));
  ExpectAllowed(bed_.Delete("root", old));
}

TEST_F(RestoredTest, ItsClaimOnItsPathGoesOnRefusingOthers) {
  Restore("Connection", "sales/warehouse");
  json other = ConnectionJson("sales/other", "mallory");
  other["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/warehouse");
  ExpectRefused(bed_.Create("mallory", other), Rule::kPath, "PathClaimed");
}

// It was first, but somebody else has named the path since it was deleted.
TEST_F(RestoredTest, AConnectionDoesNotWinItsPathBackBySaving) {
  json other = ConnectionJson("sales/other", "mona");
  other["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/warehouse");
  bed_.Store(other);
  Restore("Connection", "sales/warehouse");
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["spec"]["serverSideOnly"] = true;
  ExpectRefused(bed_.Update("root", old, now), Rule::kPath, "PathClaimed");
}

TEST_F(RestoredTest, AGroupMakesNobodyAMemberOrAnAdmin) {
  bed_.Store(ConnectionJson("sales/ledger", ""));
  json owned = bed_.Stored("Connection", "sales/ledger");
  owned["spec"]["owner"] = InGroupJson("finance");
  bed_.Store(owned);
  owned = bed_.Stored("Connection", "sales/ledger");
  const json group = bed_.Stored("Group", "finance");
  json wider = group;
  wider["spec"]["members"].push_back(UserJson("mallory"));
  ExpectAllowed(bed_.Delete("sam", owned));
  ExpectAllowed(bed_.Update("carol", group, wider));

  Restore("Group", "finance");
  ExpectRefused(bed_.Delete("sam", owned), Rule::kPrivilege, "lacks manage");
  ExpectRefused(bed_.Update("carol", group, wider), Rule::kPrivilege,
                "from a backup");
  json grant =
      GrantJson("sales/g", "warehouse", {InGroupJson("finance")}, {"use"});
  grant["spec"]["credential"]["vault"] = Kv2Json("secret", "sales/fin");
  bed_.Store(ConnectionJson("sales/warehouse", "carol"));
  ExpectRefused(bed_.Create("carol", grant), Rule::kGroupAdmin,
                "needs its admin");
  ExpectAllowed(bed_.Update("root", group, wider));
}

}  // namespace
}  // namespace claviger::op::webhook
