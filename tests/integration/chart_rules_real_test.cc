// SPDX-License-Identifier: Apache-2.0
//
// What helm/claviger lets people and pods do, in a real API server: the roles
// that it adds to Kubernetes' own, quotas, and the namespaces left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chart_cluster.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class ChartRulesTest : public ChartCluster {
 protected:
  // Binds the role to a user of its name; everywhere where `ns` is empty.
  void Bind(const std::string& role, const std::string& user,
            const std::string& ns) {
    const std::string path =
        "/apis/rbac.authorization.k8s.io/v1/" +
        (ns.empty() ? "" : "namespaces/" + ns + "/") +
        (ns.empty() ? "clusterrolebindings" : "rolebindings");
    Create(path, {{"metadata", {{"name", user}}},
                  {"roleRef",
                   {{"apiGroup", "rbac.authorization.k8s.io"},
                    {"kind", "ClusterRole"},
                    {"name", role}}},
                  {"subjects",
                   {{{"apiGroup", "rbac.authorization.k8s.io"},
                     {"kind", "User"},
                     {"name", user}}}}});
  }

  bool May(const std::string& user, const std::string& verb,
           const std::string& resource, const std::string& subresource = "") {
    const json review = {{"spec",
                          {{"user", user},
                           {"resourceAttributes",
                            {{"namespace", resource == "groups" ? "" : "sales"},
                             {"verb", verb},
                             {"group", "claviger.io"},
                             {"resource", resource},
                             {"subresource", subresource}}}}}};
    const auto answer = kube_->Call(
        "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        review.dump());
    EXPECT_TRUE(answer && answer->ok());
    return answer && answer->ok() &&
           answer->Json()["status"].value("allowed", false);
  }
};

TEST_F(ChartRulesTest, RolesLetPeopleWriteObjectsAndNeverTheirStatus) {
  ASSERT_NO_FATAL_FAILURE(Install());
  ASSERT_TRUE(kube_->CreateNamespace("sales"));
  Bind("claviger-view", "viewer", "sales");
  Bind("claviger-edit", "editor", "sales");
  Bind("claviger-admin", "owner", "sales");
  Bind("claviger-admin", "chief", "");
  ASSERT_TRUE(Await([&] { return May("chief", "get", "groups"); },
                    std::chrono::seconds(60)));
  ASSERT_TRUE(Await([&] { return May("viewer", "get", "grants"); },
                    std::chrono::seconds(60)));
  for (const char* verb : {"create", "patch", "update", "delete"}) {
    for (const char* resource : {"connections", "grants"}) {
      EXPECT_FALSE(May("viewer", verb, resource)) << verb << resource;
      EXPECT_TRUE(May("editor", verb, resource)) << verb << resource;
      EXPECT_TRUE(May("owner", verb, resource)) << verb << resource;
    }
    EXPECT_FALSE(May("editor", verb, "groups")) << verb;
    EXPECT_FALSE(May("owner", verb, "groups")) << verb;
    EXPECT_TRUE(May("chief", verb, "groups")) << verb;
    for (const char* user : {"viewer", "editor", "owner", "chief"}) {
      for (const char* resource : {"connections", "grants", "groups"}) {
        for (const char* below : {"status", "finalizers"}) {
          EXPECT_FALSE(May(user, verb, resource, below))
              << user << verb << resource << below;
        }
      }
    }
  }
}

TEST_F(ChartRulesTest, RolesAreAggregatedToKubernetesOwn) {
  const std::vector<json> rendered = Rendered();
  for (const char* role : {"view", "edit", "admin"}) {
    const std::string name = std::string("claviger-") + role;
    const json one = Find(rendered, "ClusterRole", name);
    ASSERT_FALSE(one.is_null()) << name;
    EXPECT_EQ(
        one["metadata"]["labels"]
           ["rbac.authorization.k8s.io/aggregate-to-" + std::string(role)],
        "true");
  }
  EXPECT_TRUE(
      Find(Rendered({"rbac.aggregate=false"}), "ClusterRole", "claviger-edit")
          .is_null());
}

// As the cluster's own controller would count; here the test does.
json Quota() {
  const json hard = {{"requests.cpu", "1"},
                     {"requests.memory", "1Gi"},
                     {"limits.memory", "1Gi"},
                     {"requests.ephemeral-storage", "1Gi"},
                     {"limits.ephemeral-storage", "1Gi"}};
  json used = hard;
  for (json& one : used) one = "0";
  return {{"apiVersion", "v1"},
          {"kind", "ResourceQuota"},
          {"metadata", {{"name", "all"}}},
          {"spec", {{"hard", hard}}},
          {"status", {{"hard", hard}, {"used", used}}}};
}

TEST_F(ChartRulesTest, PodsStartWhereAQuotaAsksForEveryResource) {
  ASSERT_TRUE(kube_->CreateNamespace("shop"));
  for (const char* account : {"default", "claviger-operator"}) {
    ASSERT_TRUE(kube_->CreateServiceAccount("shop", account));
  }
  const std::string quotas = "/api/v1/namespaces/shop/resourcequotas";
  ASSERT_NO_FATAL_FAILURE(Create(quotas, Quota()));
  const auto counted =
      kube_->Call("PUT", quotas + "/all/status", Quota().dump());
  ASSERT_TRUE(counted && counted->ok()) << counted->body;

  const std::vector<json> rendered = Rendered();
  json operators =
      PodOf(Find(rendered, "Deployment", "claviger-operator"), "one");
  json greedy = operators;
  greedy["spec"]["containers"][0].erase("resources");
  ASSERT_TRUE(AwaitDryRun(greedy, "shop", false));
  EXPECT_THAT(DryRun(greedy, "shop"), HasSubstr("must specify"));
  EXPECT_EQ(DryRun(operators, "shop"), "");
  EXPECT_EQ(
      DryRun(PodOf(Find(rendered, "Job", "claviger-uninstall"), "u"), "shop"),
      "");
  json injected = InjectedPod(rendered);
  // Of the application it asks, and of the sidecar nothing.
  EXPECT_THAT(DryRun(injected, "shop"), HasSubstr("limits.memory for: app;"));
  EXPECT_THAT(DryRun(injected, "shop"), Not(HasSubstr("claviger-sidecar")));
  injected["spec"]["containers"][0]["resources"] =
      operators["spec"]["containers"][0]["resources"];
  EXPECT_EQ(DryRun(injected, "shop"), "");
}

// No operator answers here: only who asks waits for one.
TEST_F(ChartRulesTest, WithoutOperatorsOnlyLabelledPodsWait) {
  ASSERT_NO_FATAL_FAILURE(Install({"injection.excludedNamespaces={ci}"}));
  for (const char* ns : {"shop", "ci"}) {
    ASSERT_TRUE(kube_->CreateNamespace(ns));
  }
  for (const char* ns : {"shop", "ci", "kube-system", kNamespace}) {
    ASSERT_TRUE(kube_->CreateServiceAccount(ns, "default"));
  }
  json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata",
               {{"name", "app"}, {"labels", {{"claviger.io/inject", "true"}}}}},
              {"spec", {{"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
  ASSERT_TRUE(AwaitDryRun(pod, "shop", false));
  EXPECT_THAT(DryRun(pod, "shop"),
              HasSubstr("failed calling webhook \\\"pods.claviger.io\\\""));
  for (const char* ns : {"ci", "kube-system", kNamespace}) {
    EXPECT_EQ(DryRun(pod, ns), "") << ns;
  }
  pod["metadata"]["labels"]["claviger.io/inject"] = "false";
  EXPECT_EQ(DryRun(pod, "shop"), "");
  pod["metadata"].erase("labels");
  EXPECT_EQ(DryRun(pod, "shop"), "");
}

}  // namespace
}  // namespace claviger::testing
