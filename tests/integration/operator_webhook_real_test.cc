// SPDX-License-Identifier: Apache-2.0
//
// The operator with its webhook, as a process: what is saved is stamped and
// takes effect, and who may not gets told so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cluster_bed.h"
#include "etcd_values.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kGrantKey[] = "claviger.io/grants/sales/sharer";

// RBAC lets everybody of the group edit Grants.
constexpr char kPeople[] = R"(apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: people}
rules: [{apiGroups: [claviger.io], resources: [grants], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: people}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: people}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: people}]
)";

class OperatorWebhookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    auto started = bed_->StartOperator("operator", kWithWebhook);
    ASSERT_TRUE(started) << started.error().message;
    operator_.emplace(*std::move(started));
    const Status registered = bed_->RegisterWebhook(*operator_);
    ASSERT_TRUE(registered) << registered.error().message;
    // Until the API server has learnt of the bundle, it refuses everything.
    Status applied;
    ASSERT_TRUE(ClusterBed::Await([&] {
      applied = bed_->Apply(WarehouseYaml());
      return applied.has_value();
    })) << applied.error().message
        << bed_->LogOf("operator");
    ASSERT_TRUE(bed_->Apply(GrantYaml("nightly", "reports/nightly")));
    ASSERT_EQ(bed_->AwaitCondition("Grant", "sales", "nightly", "Ready",
                                   "True/Ready"),
              "True/Ready")
        << bed_->LogOf("operator");
    ASSERT_TRUE(bed_->Apply(kPeople));
  }

  static json GrantOf(const std::string& name, const std::string& user,
                      const std::vector<std::string>& privileges) {
    return {{"apiVersion", "claviger.io/v1alpha1"},
            {"kind", "Grant"},
            {"metadata", {{"name", name}, {"namespace", "sales"}}},
            {"spec",
             {{"connection", "warehouse"},
              {"subjects", {{{"kind", "User"}, {"name", user}}}},
              {"privileges", privileges}}}};
  }

  // Whether a person may.
  HttpAnswer CreateAs(const std::string& user, const json& object,
                      const std::string& query = "") {
    HttpCall call = bed_->kube().Prepare(
        "POST", "/apis/claviger.io/v1alpha1/namespaces/sales/grants" + query);
    call.headers.push_back({"Impersonate-User", user});
    call.headers.push_back({"Impersonate-Group", "people"});
    call.headers.push_back({"Impersonate-Group", "system:authenticated"});
    call.body = object.dump();
    const auto answer = SendHttp(call);
    return answer ? *answer : HttpAnswer();
  }

  // Once RBAC lets it through to the webhook, and that has looked.
  HttpAnswer AwaitCreated(const std::string& user, const json& object) {
    HttpAnswer last;
    ClusterBed::Await([&] {
      last = CreateAs(user, object);
      return last.status == 201;
    });
    return last;
  }
  HttpAnswer AwaitRefused(const std::string& user, const json& object,
                          const std::string& reason) {
    HttpAnswer last;
    ClusterBed::Await([&] {
      last = CreateAs(user, object, "?dryRun=All");
      return last.body.find(reason) != std::string::npos;
    });
    return last;
  }

  std::unique_ptr<ClusterBed> bed_;
  std::optional<Process> operator_;
};

TEST_F(OperatorWebhookTest, StampsWhatIsSavedAndRefusesWhoMayNot) {
  const json grant = bed_->Get("Grant", "sales", "nightly");
  const json connection = bed_->Get("Connection", "sales", "warehouse");
  EXPECT_EQ(grant["metadata"]["annotations"]["claviger.io/connection-uid"],
            connection["metadata"]["uid"]);
  const auto token = bed_->LogIn("reports", "nightly");
  ASSERT_TRUE(token);
  EXPECT_EQ(bed_->Read(*token, "secret/data/sales/warehouse"), 200);

  const json mine = GrantOf("mine", "mallory", {"use"});
  const HttpAnswer refused =
      AwaitRefused("mallory", mine, "cannot create Grant");
  EXPECT_THAT(refused.body, HasSubstr("share"));
  const HttpAnswer owner = CreateAs("erin", mine);
  EXPECT_EQ(owner.status, 201) << owner.body;
  EXPECT_EQ(operator_->Stop(), 0);
}

// sam held share by a Grant that was deleted; etcd is put back to before that.
TEST_F(OperatorWebhookTest, AGrantOutOfAnEtcdBackupLetsNobodyShare) {
  const json sharer = GrantOf("sharer", "sam", {"use", "share"});
  const HttpAnswer made = AwaitCreated("erin", sharer);
  ASSERT_EQ(made.status, 201) << made.body;
  ASSERT_EQ(
      bed_->AwaitCondition("Grant", "sales", "sharer", "Ready", "True/Ready"),
      "True/Ready");
  ASSERT_EQ(AwaitCreated("sam", GrantOf("one", "dan", {"use"})).status, 201);
  const auto backup = ReadEtcd(bed_->kube(), kGrantKey);
  ASSERT_TRUE(backup) << backup.error().message;
  ASSERT_TRUE(bed_->Delete("Grant", "sales", "sharer"));
  ASSERT_TRUE(ClusterBed::Await(
      [&] { return bed_->Get("Grant", "sales", "sharer").is_null(); }));
  ASSERT_TRUE(WriteEtcd(bed_->kube(), kGrantKey, *backup));
  ASSERT_EQ(bed_->AwaitCondition("Grant", "sales", "sharer", "Accepted",
                                 "False/Restored"),
            "False/Restored");
  const HttpAnswer refused = AwaitRefused("sam", GrantOf("two", "dan", {"use"}),
                                          "writing Grants needs share");
  EXPECT_EQ(refused.status, 403) << refused.body;
  // Whoever owns the Connection may save it again: then it counts.
  HttpCall call = bed_->kube().Prepare(
      "PATCH", "/apis/claviger.io/v1alpha1/namespaces/sales/grants/sharer");
  call.headers.back() = {"Content-Type", "application/merge-patch+json"};
  call.headers.push_back({"Impersonate-User", "erin"});
  call.headers.push_back({"Impersonate-Group", "people"});
  call.headers.push_back({"Impersonate-Group", "system:authenticated"});
  call.body = R"({"spec":{"reason":"meant"}})";
  const auto saved = SendHttp(call);
  ASSERT_TRUE(saved && saved->ok()) << saved->body;
  ASSERT_EQ(
      bed_->AwaitCondition("Grant", "sales", "sharer", "Ready", "True/Ready"),
      "True/Ready");
  const HttpAnswer again =
      AwaitCreated("sam", GrantOf("three", "dan", {"use"}));
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(operator_->Stop(), 0);
}

}  // namespace
}  // namespace claviger::testing
