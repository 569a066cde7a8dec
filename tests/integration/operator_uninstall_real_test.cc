// SPDX-License-Identifier: Apache-2.0
//
// What the chart's Job before the end does, between two operators with their
// webhook and a real API server: afterwards no object is stuck.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cluster_bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kFinance[] = R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec: {members: [{kind: User, name: bob}]}
)";

class OperatorUninstallTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    // The second is the one whose webhook is asked: it never leads.
    Start("leader", leader_);
    ASSERT_TRUE(leader_ && leader_->WaitForLine("\"leading\"", kPatience));
    Start("standby", standby_);
    ASSERT_TRUE(standby_);
    const Status registered = bed_->RegisterWebhook(*standby_);
    ASSERT_TRUE(registered) << registered.error().message;
    Status applied;
    ASSERT_TRUE(ClusterBed::Await([&] {
      applied = bed_->Apply(WarehouseYaml() + "---\n" + kFinance);
      return applied.has_value();
    })) << applied.error().message
        << bed_->LogOf("standby");
    ASSERT_EQ(bed_->AwaitCondition("Connection", "sales", "warehouse", "Ready",
                                   "True/Ready"),
              "True/Ready");
    ASSERT_EQ(Finalizers("Connection", "sales", "warehouse"), 1u);
  }

  void Start(const std::string& name, std::optional<Process>& process) {
    auto started = bed_->StartOperator(name, kWithWebhook);
    ASSERT_TRUE(started) << started.error().message;
    process.emplace(*std::move(started));
  }

  size_t Finalizers(const std::string& kind, const std::string& ns,
                    const std::string& name) {
    const json object = bed_->Get(kind, ns, name);
    if (object.is_null()) return 99;
    return object["metadata"].value("finalizers", json::array()).size();
  }

  std::unique_ptr<ClusterBed> bed_;
  std::optional<Process> leader_;
  std::optional<Process> standby_;
};

TEST_F(OperatorUninstallTest, AfterItEachObjectCanBeDeleted) {
  ProcessOptions options;
  options.argv = {CLAVIGER_OPERATOR, "--config",
                  bed_->directory().File("leader.yaml"), "--uninstall"};
  options.stderr_path = bed_->directory().File("uninstall.log");
  auto uninstall = Process::Start(options);
  ASSERT_TRUE(uninstall) << uninstall.error().message;
  const auto code = uninstall->WaitForExit(kPatience);
  ASSERT_EQ(code, 0) << bed_->LogOf("uninstall") << bed_->LogOf("standby");

  EXPECT_NE(leader_->WaitForExit(kPatience), std::nullopt);
  EXPECT_TRUE(standby_->Running());
  EXPECT_EQ(Finalizers("Connection", "sales", "warehouse"), 0u);
  EXPECT_EQ(Finalizers("Group", "", "finance"), 0u);
  for (const auto& [kind, ns, name] :
       {std::tuple("Connection", "sales", "warehouse"),
        std::tuple("Group", "", "finance")}) {
    const Status deleted = bed_->Delete(kind, ns, name);
    EXPECT_TRUE(deleted) << deleted.error().message;
    EXPECT_TRUE(bed_->Get(kind, ns, name).is_null());
  }
  EXPECT_EQ(bed_->LogOf("standby").find("\"leading\""), std::string::npos);
}

}  // namespace
}  // namespace claviger::testing
