// SPDX-License-Identifier: Apache-2.0
//
// helm/claviger in a real API server: each object is accepted as it is, and
// install, upgrade and uninstall leave alone what they must.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "chart_cluster.h"
#include "support/await.h"
#include "support/kube_manifests.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr const char* kSource = CLAVIGER_SOURCE_DIR;

class ChartClusterTest : public ChartCluster {
 protected:
  void InstallThirdPartyKinds() {
    const auto kinds =
        ReadFile(std::string(kSource) +
                     "/tests/integration/chart/third_party_kinds.yaml",
                 size_t{1} << 20U);
    ASSERT_TRUE(kinds);
    const Status applied = ApplyManifests(*kube_, *kinds);
    ASSERT_TRUE(applied) << applied.error().message;
    for (const char* path : {"/apis/monitoring.coreos.com/v1/servicemonitors",
                             "/apis/monitoring.coreos.com/v1/podmonitors",
                             "/apis/monitoring.coreos.com/v1/prometheusrules",
                             "/apis/cert-manager.io/v1/certificates",
                             "/apis/cert-manager.io/v1/issuers"}) {
      ASSERT_TRUE(Await(
          [&] {
            const auto answer = kube_->Call("GET", path);
            return answer && answer->status == 200;
          },
          std::chrono::seconds(60)))
          << path;
    }
  }
};

TEST_F(ChartClusterTest, EveryObjectIsAccepted) {
  InstallThirdPartyKinds();
  const std::pair<const char*, std::vector<std::string>> renderings[] = {
      {"least", {}}, {"all", {}}, {"least", {"injection.enabled=false"}}};
  for (const auto& [values, set] : renderings) {
    const auto text = helm_->Render({ValuesFile(values)}, set);
    ASSERT_TRUE(text) << text.error().message;
    const auto documents = Documents(*text);
    ASSERT_TRUE(documents) << documents.error().message;
    EXPECT_GT(documents->size(), 15u);
    for (const json& one : *documents) {
      EXPECT_EQ(DryRun(one), "")
          << values << ": " << one["kind"] << " " << one["metadata"]["name"];
    }
  }
}

// The restricted Pod Security Standard, enforced by the API server itself.
TEST_F(ChartClusterTest, PodsMayRunWhereOnlyRestrictedOnesMay) {
  ASSERT_TRUE(kube_->CreateNamespace("restricted"));
  const auto labelled = [&] {
    HttpCall call = kube_->Prepare("PATCH", "/api/v1/namespaces/restricted");
    call.headers.back() = {"Content-Type", "application/merge-patch+json"};
    call.body =
        R"({"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}})";
    return SendHttpOk(call);
  }();
  ASSERT_TRUE(labelled) << labelled.error().message;
  ASSERT_TRUE(kube_->CreateServiceAccount("restricted", "claviger-operator"));
  for (const char* values : {"least", "all"}) {
    const auto documents = Documents(*helm_->Render({ValuesFile(values)}));
    ASSERT_TRUE(documents);
    for (const char* kind : {"Deployment", "Job"}) {
      for (const json& one : *documents) {
        if (one["kind"] != kind) continue;
        json pod = PodOf(one, "one");
        pod["spec"].erase("priorityClassName");
        const auto answer =
            kube_->Call("POST", "/api/v1/namespaces/restricted/pods?dryRun=All",
                        pod.dump());
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 201) << kind << ": " << answer->body;
      }
    }
  }
}

// The operator's own pods hold a token that the guard reserves.
TEST_F(ChartClusterTest, TheGuardLetsTheOperatorInAndNobodyWhoImitatesIt) {
  ExpectHelm({"install", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least")});
  const auto documents = Documents(*helm_->Render({ValuesFile("least")}));
  ASSERT_TRUE(documents);
  const json pod = PodOf(Find(*documents, "Deployment", "claviger-operator"),
                         "claviger-operator-0");
  json imitation = pod;
  imitation["spec"]["containers"][0]["name"] = "shell";
  // Policies come into force a moment after they were written.
  std::string refusal;
  ASSERT_TRUE(Await(
      [&] {
        refusal = DryRun(imitation);
        return !refusal.empty();
      },
      std::chrono::seconds(60)));
  EXPECT_NE(refusal.find("only the container operator"), std::string::npos)
      << refusal;
  EXPECT_EQ(DryRun(pod), "");
  EXPECT_EQ(DryRun(PodOf(Find(*documents, "Job", "claviger-uninstall"),
                         "claviger-uninstall-0")),
            "");
}

constexpr const char* kValidating =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/"
    "claviger";

TEST_F(ChartClusterTest, AnUpgradeLeavesTheWebhooksAuthoritiesAlone) {
  ExpectHelm({"install", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least")});
  // As a replica of the operator does it (docs/adr/0009).
  HttpCall patch = kube_->Prepare("PATCH", kValidating);
  patch.headers.back() = {"Content-Type", "application/json-patch+json"};
  patch.body =
      R"([{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":")" +
      Base64Encode(kube_->ca_pem()) + R"("}])";
  const auto patched = SendHttpOk(patch);
  ASSERT_TRUE(patched) << patched.error().message;
  const json before = Get(kValidating);

  ExpectHelm({"upgrade", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least"), "--set",
              "webhook.timeoutSeconds=7"});
  const json after = Get(kValidating);
  EXPECT_EQ(after["webhooks"][0]["timeoutSeconds"], 7);
  EXPECT_EQ(after["webhooks"][0]["clientConfig"]["caBundle"],
            before["webhooks"][0]["clientConfig"]["caBundle"]);

  // Nothing to do: nothing is written.
  ExpectHelm({"upgrade", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least"), "--set",
              "webhook.timeoutSeconds=7"});
  EXPECT_EQ(Get(kValidating)["metadata"]["resourceVersion"],
            after["metadata"]["resourceVersion"]);
}

TEST_F(ChartClusterTest, AnUninstallKeepsTheKindsAndTheObjects) {
  ExpectHelm({"install", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least")});
  ASSERT_NE(Get(kValidating), json());
  // Without nodes, the Job before the end would never run; what it does has
  // tests of its own.
  ExpectHelm(
      {"uninstall", "claviger", "--namespace", kNamespace, "--no-hooks"});
  EXPECT_EQ(Get(kValidating), json());
  EXPECT_EQ(Get("/apis/apps/v1/namespaces/" + std::string(kNamespace) +
                "/deployments/claviger-operator"),
            json());
  for (const char* kind : {"connections", "grants", "groups"}) {
    EXPECT_NE(Get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" +
                  std::string(kind) + ".claviger.io"),
              json());
  }
  // And what was kept is taken over again.
  ExpectHelm({"install", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least")});
}

// As docs/getting-started.md leaves them behind.
TEST_F(ChartClusterTest, KindsThatWereAppliedByHandAreTakenOver) {
  const Status applied = InstallCrds(*kube_, std::string(kSource) + "/crds");
  ASSERT_TRUE(applied) << applied.error().message;
  ExpectHelm({"install", "claviger", kChart, "--namespace", kNamespace,
              "--values", ValuesFile("least"), "--take-ownership"});
}

}  // namespace
}  // namespace claviger::testing
