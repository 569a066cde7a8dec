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

constexpr char kObjects[] = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, database: dw}
  owner: {kind: User, name: erin}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse}}
---
apiVersion: claviger.io/v1alpha1
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
    int port = 0;
    // The second is the one whose webhook is asked: it never leads.
    Start("leader", leader_, port);
    ASSERT_TRUE(leader_ && leader_->WaitForLine("\"leading\"", kPatience));
    Start("standby", standby_, port);
    ASSERT_NE(port, 0);
    Register("validating", "Validating", "/validate", port);
    Register("mutating", "Mutating", "/mutate", port);
    Status applied;
    ASSERT_TRUE(ClusterBed::Await([&] {
      applied = bed_->Apply(kObjects);
      return applied.has_value();
    })) << applied.error().message
        << bed_->LogOf("standby");
    ASSERT_EQ(bed_->AwaitCondition("Connection", "sales", "warehouse", "Ready",
                                   "True/Ready"),
              "True/Ready");
    ASSERT_EQ(Finalizers("Connection", "sales", "warehouse"), 1u);
  }

  void Start(const std::string& name, std::optional<Process>& process,
             int& port) {
    auto started = bed_->StartOperator(
        name,
        "webhook: {address: 127.0.0.1, port: 0, names: [localhost]}\n"
        "admins: [{groups: [\"system:masters\"]}]\n");
    ASSERT_TRUE(started) << started.error().message;
    process.emplace(*std::move(started));
    const auto line = process->WaitForLine("webhook listening", kPatience);
    ASSERT_TRUE(line) << process->StderrTail();
    port = json::parse(*line).at("port");
  }

  void Register(const std::string& plural, const std::string& kind,
                const std::string& path, int port) {
    const json configuration = {
        {"apiVersion", "admissionregistration.k8s.io/v1"},
        {"kind", kind + "WebhookConfiguration"},
        {"metadata", {{"name", "claviger"}}},
        {"webhooks",
         {{{"name", "objects.claviger.io"},
           {"admissionReviewVersions", {"v1"}},
           {"sideEffects", "None"},
           {"failurePolicy", "Fail"},
           {"clientConfig",
            {{"url", "https://localhost:" + std::to_string(port) + path}}},
           {"rules",
            {{{"apiGroups", {"claviger.io"}},
              {"apiVersions", {"v1alpha1"}},
              {"resources", {"connections", "grants", "groups"}},
              {"operations", {"CREATE", "UPDATE"}}}}}}}}};
    const auto made =
        bed_->kube().Call("POST",
                          "/apis/admissionregistration.k8s.io/v1/" + plural +
                              "webhookconfigurations",
                          configuration.dump());
    ASSERT_TRUE(made && made->ok()) << made->body;
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
