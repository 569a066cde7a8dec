// SPDX-License-Identifier: Apache-2.0
//
// What must not come back to life: an object out of an etcd backup, a cluster
// under another's name. And what is somebody else's, although it bears our
// names: it is reported and left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "etcd_values.h"
#include "restore_suite.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGrantKey[] = "claviger.io/grants/sales/nightly";
constexpr char kConnectionKey[] = "claviger.io/connections/sales/warehouse";
constexpr char kPolicy[] = "sys/policies/acl/claviger.prod.sa.reports.nightly";
constexpr char kRole[] = "auth/claviger/role/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/data/prod/bindings/sa.reports.nightly";

class OperatorRestoreTest : public RestoreSuite {
 protected:
  // Somebody else's thing stands where one of ours should be.
  void ExpectConflict(const std::string& path, const std::string& body,
                      const std::function<json()>& read) {
    const auto made = vault().Call("POST", path, body);
    ASSERT_TRUE(made && made->ok()) << made->body;
    const json before = read();
    ASSERT_FALSE(before.is_null());
    ASSERT_TRUE(bed_->cluster().Apply(WarehouseYaml()));
    ASSERT_TRUE(bed_->cluster().Apply(GrantYaml("nightly", "reports/nightly")));
    EXPECT_EQ(bed_->AwaitGrant("nightly", "False/Conflict"), "False/Conflict")
        << bed_->Log();
    EXPECT_EQ(bed_->Metric("claviger_operator_conflicts"), 1);
    EXPECT_EQ(read(), before);
    // Neither an edit nor the end of the Grant touches it.
    ASSERT_TRUE(bed_->cluster().Apply(
        GrantYaml("nightly", "reports/nightly", "  suspended: true\n")));
    EXPECT_EQ(bed_->AwaitGrant("nightly", "False/Conflict"), "False/Conflict");
    EXPECT_TRUE(bed_->Clear()) << bed_->Log();
    EXPECT_EQ(read(), before);
  }
};

TEST_F(OperatorRestoreTest, AGrantOutOfAnEtcdBackupGivesNothing) {
  MakeReady();
  const auto backup = ReadEtcd(kube(), kGrantKey);
  ASSERT_TRUE(backup) << backup.error().message;
  DeleteGrant();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  ASSERT_TRUE(WriteEtcd(kube(), kGrantKey, *backup));
  EXPECT_EQ(bed_->AwaitGrant("nightly", "False/Restored"), "False/Restored")
      << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  EXPECT_THAT(bed_->cluster().Policy("sa.reports.nightly"),
              Not(HasSubstr("secret/")));
  // Nor to an operator that did not see the deletion itself.
  ASSERT_TRUE(bed_->StartOperator(kDriftOften));
  ASSERT_TRUE(bed_->process().WaitForLine("pass done", kPatience));
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  EXPECT_EQ(bed_->cluster().Condition("Grant", "sales", "nightly", "Ready"),
            "False/Restored");
  // Somebody stands behind it again.
  ASSERT_TRUE(bed_->cluster().Apply(
      GrantYaml("nightly", "reports/nightly",
                "  expiresAt: \"2120-01-01T00:00:00Z\"\n")));
  EXPECT_EQ(bed_->AwaitGrant("nightly", "True/Ready"), "True/Ready")
      << bed_->Log();
}

TEST_F(OperatorRestoreTest, AConnectionOutOfAnEtcdBackupGivesNothing) {
  MakeReady();
  const auto grant = ReadEtcd(kube(), kGrantKey);
  const auto connection = ReadEtcd(kube(), kConnectionKey);
  ASSERT_TRUE(grant && connection);
  ASSERT_TRUE(bed_->Clear()) << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  // All at once, while nobody looks.
  EXPECT_EQ(bed_->StopOperator(), 0);
  ASSERT_TRUE(WriteEtcd(kube(), kConnectionKey, *connection));
  ASSERT_TRUE(WriteEtcd(kube(), kGrantKey, *grant));
  ASSERT_TRUE(bed_->StartOperator(kDriftOften));
  EXPECT_EQ(bed_->cluster().AwaitCondition("Connection", "sales", "warehouse",
                                           "Ready", "False/Restored"),
            "False/Restored")
      << bed_->Log();
  EXPECT_EQ(bed_->AwaitGrant("nightly", "False/Restored"), "False/Restored");
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  EXPECT_THAT(bed_->cluster().Policy("sa.reports.nightly"),
              Not(HasSubstr("secret/")));
}

TEST_F(OperatorRestoreTest, ASecondClusterOfTheNameRefusesToStart) {
  MakeReady();
  const json before = bed_->Vault();
  EXPECT_EQ(bed_->StopOperator(), 0);
  ASSERT_TRUE(bed_->StartOperator("clusterUid: another-cluster\n"));
  EXPECT_EQ(bed_->process().WaitForExit(kPatience), 1) << bed_->Log();
  EXPECT_THAT(bed_->Log(), HasSubstr("give this cluster a name of its own"));
  EXPECT_EQ(bed_->Vault(), before);
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
  ASSERT_TRUE(bed_->StartOperator(kDriftOften));
  ASSERT_TRUE(bed_->process().WaitForLine("pass done", kPatience));
  EXPECT_EQ(bed_->Vault(), before);
}

TEST_F(OperatorRestoreTest, APolicyOfSomebodyElseIsAConflictAndStays) {
  ExpectConflict(kPolicy,
                 R"({"policy":"path \"x/*\" { capabilities = [\"read\"] }"})",
                 [this] { return Data(kPolicy)["policy"]; });
}

TEST_F(OperatorRestoreTest, ARoleOfSomebodyElseIsAConflictAndStays) {
  ExpectConflict(kRole,
                 json{{"bound_service_account_names", {"someone"}},
                      {"bound_service_account_namespaces", {"theirs"}},
                      {"token_policies", {"default"}}}
                     .dump(),
                 [this] { return Data(kRole); });
}

TEST_F(OperatorRestoreTest, ADocumentOfSomebodyElseIsAConflictAndStays) {
  ExpectConflict(kEntry, R"({"data":{"mine":"hands off"}})",
                 [this] { return Data(kEntry); });
}

TEST_F(OperatorRestoreTest, AConflictEndsWhenTheForeignThingIsGone) {
  ASSERT_TRUE(vault().Call("POST", kPolicy, R"({"policy":"# mine"})"));
  ASSERT_TRUE(bed_->cluster().Apply(WarehouseYaml()));
  ASSERT_TRUE(bed_->cluster().Apply(GrantYaml("nightly", "reports/nightly")));
  ASSERT_EQ(bed_->AwaitGrant("nightly", "False/Conflict"), "False/Conflict")
      << bed_->Log();
  ASSERT_TRUE(vault().Call("DELETE", kPolicy));
  EXPECT_EQ(bed_->AwaitGrant("nightly", "True/Ready"), "True/Ready")
      << bed_->Log();
}

// Past the schema, as an older definition would have let it: one bad object
// never holds up the others.
TEST_F(OperatorRestoreTest, AnObjectThatCannotBeReadHoldsUpNothing) {
  MakeReady();
  const auto stored = ReadEtcd(kube(), kGrantKey);
  ASSERT_TRUE(stored) << stored.error().message;
  json bad = json::parse(*stored);
  bad["metadata"]["name"] = "bad";
  bad["metadata"]["uid"] = "00000000-0000-0000-0000-000000000bad";
  bad["spec"]["privileges"] = {"nonsense", "../../sys"};
  ASSERT_TRUE(WriteEtcd(kube(), "claviger.io/grants/sales/bad", bad.dump()));
  EXPECT_EQ(bed_->cluster().AwaitCondition("Grant", "sales", "bad", "Accepted",
                                           "False/InvalidSpec"),
            "False/InvalidSpec")
      << bed_->Log();
  ASSERT_TRUE(bed_->cluster().Apply(GrantYaml("closer", "finance/closer")));
  EXPECT_EQ(bed_->AwaitGrant("closer", "True/Ready"), "True/Ready")
      << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
}

// A Grant that is deleted and made anew for somebody else: what the old one
// gave is taken away before the new one gives anything.
TEST_F(OperatorRestoreTest, TheOldAccessEndsBeforeItsSuccessorGives) {
  MakeReady();
  std::mutex mutex;
  std::vector<std::string> writes;
  const HealAtEnd heal(bed_->vault());
  bed_->vault().OnCall([&](const ProxiedCall& call) {
    const std::lock_guard lock(mutex);
    if (call.IsWrite()) writes.push_back(call.method + " " + call.target);
    return CallVerdict();
  });
  bed_->kube().SetMode(FaultProxy::Mode::kHang);
  ASSERT_TRUE(bed_->cluster().Delete("Grant", "sales", "nightly"));
  bed_->kube().SetMode(FaultProxy::Mode::kPass);
  ASSERT_TRUE(ClusterBed::Await([&] {
    return bed_->cluster()
               .Apply(GrantYaml("nightly", "finance/closer"))
               .has_value() &&
           bed_->cluster().Condition("Grant", "sales", "nightly", "Ready") ==
               "True/Ready" &&
           bed_->cluster().LogIn("finance", "closer").has_value();
  })) << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  bed_->vault().Heal();
  const auto at = [&](const std::string& text) {
    return std::find(writes.begin(), writes.end(), text) - writes.begin();
  };
  EXPECT_LT(at(std::string("DELETE /v1/") + kPolicy),
            at("POST /v1/sys/policies/acl/claviger.prod.sa.finance.closer"));
  EXPECT_LT(at("POST /v1/sys/policies/acl/claviger.prod.sa.finance.closer"),
            static_cast<std::ptrdiff_t>(writes.size()));
}

}  // namespace
}  // namespace claviger::testing
