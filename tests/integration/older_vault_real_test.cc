// SPDX-License-Identifier: Apache-2.0
//
// A Vault that was put back to an earlier state: access that was revoked since
// is taken away again, however much it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restore_suite.h"
#include "support/http_call.h"
#include "vault_backup.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kRole[] = "auth/claviger/role/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/data/prod/bindings/sa.reports.nightly";
constexpr int kMany = 13;  // over what the brake lets go

// As somebody does who wipes a cluster.
bool DropFinalizers(RealKubeApiServer& kube, const std::string& grant) {
  HttpCall call = kube.Prepare(
      "PATCH", "/apis/claviger.io/v1alpha1/namespaces/sales/grants/" + grant);
  call.headers.back() = {"Content-Type", "application/merge-patch+json"};
  call.body = R"({"metadata":{"finalizers":null}})";
  const auto answer = SendHttp(call);
  return answer && answer->ok();
}

std::string AppOf(int i) { return "app-" + std::to_string(i); }

class OlderVaultTest : public RestoreSuite {
 protected:
  void GrantToMany() {
    for (int i = 0; i < kMany; ++i) {
      ASSERT_TRUE(
          bed_->cluster().Apply(GrantYaml(AppOf(i), "reports/" + AppOf(i))));
    }
    for (int i = 0; i < kMany; ++i) {
      ASSERT_EQ(bed_->AwaitGrant(AppOf(i), "True/Ready"), "True/Ready");
    }
  }
  void RevokeFromMany() {
    for (int i = 0; i < kMany; ++i) {
      ASSERT_TRUE(bed_->cluster().Delete("Grant", "sales", AppOf(i)));
    }
    ASSERT_TRUE(ClusterBed::Await([&] {
      for (int i = 0; i < kMany; ++i) {
        if (!bed_->cluster().Get("Grant", "sales", AppOf(i)).is_null()) {
          return false;
        }
      }
      return true;
    })) << bed_->Log();
  }
  // Of everybody; on the way nobody has another policy than the backup's.
  bool AwaitRevoked(const VaultBackup& backup) {
    return ClusterBed::Await([&] {
      bool gone = true;
      for (int i = 0; i < kMany; ++i) {
        const std::string id = "sa.reports." + AppOf(i);
        const std::string policy = bed_->cluster().Policy(id);
        gone = gone && policy.empty();
        EXPECT_TRUE(policy.empty() || policy == backup.Policy(id)) << policy;
      }
      return gone;
    });
  }
};

TEST_F(OlderVaultTest, AccessOutOfAVaultBackupIsTakenAwayAgain) {
  MakeReady();
  VaultBackup backup(vault());
  DeleteGrant();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
  ASSERT_TRUE(backup.Restore());
  EXPECT_TRUE(AwaitRead(403)) << bed_->Log();
  EXPECT_TRUE(ClusterBed::Await([&] {
    return bed_->cluster().Policy("sa.reports.nightly").empty() &&
           Data(kRole).is_null() && Data(kEntry).is_null();
  })) << bed_->Log();
}

TEST_F(OlderVaultTest, AVaultRestoredWhileNobodyRanIsPutRightByTheNext) {
  MakeReady();
  VaultBackup backup(vault());
  DeleteGrant();
  bed_->Kill();
  ASSERT_TRUE(bed_->process().WaitForExit(kPatience));
  ASSERT_TRUE(backup.Restore());
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot),
            200);  // so it was restored
  bed_->DropLease();
  ASSERT_TRUE(bed_->StartOperator(kDriftOften));
  EXPECT_TRUE(AwaitRead(403)) << bed_->Log();
  EXPECT_TRUE(ClusterBed::Await([&] { return Data(kRole).is_null(); }));
}

// The restored Vault does not know the operator's token, either.
TEST_F(OlderVaultTest, AVaultRestoredToBeforeTheLoginIsLoggedInToAgain) {
  MakeReady();
  VaultBackup backup(vault());
  DeleteGrant();
  const json leader = Data("claviger/data/prod/ledger/leader");
  const auto revoked =
      vault().Call("POST", "auth/token/revoke-accessor",
                   json{{"accessor", leader["data"]["accessor"]}}.dump());
  ASSERT_TRUE(revoked && revoked->ok()) << revoked->body;
  ASSERT_TRUE(vault().Call("DELETE", "claviger/metadata/prod/ledger/leader"));
  ASSERT_TRUE(backup.Restore());
  EXPECT_TRUE(AwaitRead(403)) << bed_->Log();
}

// The next leader knows by the Lease alone that Vault went back.
TEST_F(OlderVaultTest, ManyRevocationsSinceTheBackupNeedNobodysWord) {
  MakeReady();
  GrantToMany();
  VaultBackup backup(vault());
  RevokeFromMany();
  DeleteGrant();
  const json stored = Data("claviger/data/prod/ledger/epoch");
  const std::string epoch =
      std::to_string(stored["metadata"]["version"].get<int64_t>() +
                     stored["data"].value("before", int64_t{0}));
  ASSERT_TRUE(ClusterBed::Await([&] {
    return bed_->LeaseNote("vault-epoch") == epoch;
  })) << epoch
      << " " << bed_->LeaseNote("vault-epoch");
  bed_->Kill();
  ASSERT_TRUE(bed_->process().WaitForExit(kPatience));
  ASSERT_TRUE(backup.Restore());
  ASSERT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
  bed_->DropLease();
  ASSERT_TRUE(bed_->StartOperator());
  EXPECT_TRUE(AwaitRevoked(backup)) << bed_->Log();
  EXPECT_TRUE(AwaitRead(403)) << bed_->Log();
  EXPECT_EQ(bed_->Metric("claviger_operator_mass_deletions_held_back"), 0);
}

// The same objects gone, and a Vault that did not go back: somebody wiped them.
TEST_F(OlderVaultTest, AWipedEtcdStillWaitsForAWord) {
  MakeReady();
  GrantToMany();
  EXPECT_EQ(bed_->StopOperator(), 0);
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(DropFinalizers(bed_->cluster().kube(), AppOf(i)));
    ASSERT_TRUE(bed_->cluster().Delete("Grant", "sales", AppOf(i)));
  }
  ASSERT_TRUE(bed_->StartOperator());
  ASSERT_TRUE(bed_->process().WaitForLine("mass deletion held", kPatience))
      << bed_->Log();
  for (int i = 0; i < kMany; ++i) {
    EXPECT_NE(bed_->cluster().Policy("sa.reports." + AppOf(i)), "");
  }
  EXPECT_TRUE(ClusterBed::Await([&] {
    const std::string note = bed_->LeaseNote("held-back");
    return note.find("\"frozen\":true") != std::string::npos &&
           note.find("\"confirm\":\"sales:") != std::string::npos;
  })) << bed_->LeaseNote("held-back");
  // So that the next test finds an operator that lets go.
  EXPECT_EQ(bed_->StopOperator(), 0);
  bed_->EmptyVault();
}

}  // namespace
}  // namespace claviger::testing
