// SPDX-License-Identifier: Apache-2.0
//
// helm/claviger as Helm renders it: the same twice, with the rules that the
// operator's own tests run with, and with clear words where values are wrong.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "chart_bed.h"
#include "operator/config.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr size_t kMaxFile = size_t{1} << 20U;

std::vector<json> FileDocuments(const std::string& path) {
  const auto text =
      ReadFile(std::string(CLAVIGER_SOURCE_DIR) + "/" + path, kMaxFile);
  if (!text) return {};
  return Documents(*text).value_or(std::vector<json>());
}

class ChartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto helm = Helm::Find();
    CLAVIGER_NEED_SERVER(helm);
    helm_.emplace(*std::move(helm));
  }

  std::vector<json> Rendered(const std::string& values,
                             const std::vector<std::string>& set = {}) {
    const auto text = helm_->Render({ValuesFile(values)}, set);
    EXPECT_TRUE(text) << text.error().message;
    if (!text) return {};
    const auto documents = Documents(*text);
    EXPECT_TRUE(documents) << documents.error().message;
    return documents.value_or(std::vector<json>());
  }

  /// What Helm says to values that it refuses; empty where it renders.
  std::string Refusal(const std::vector<std::string>& values,
                      const std::vector<std::string>& set) {
    const auto text = helm_->Render(values, set);
    return text ? "" : text.error().message;
  }

  std::optional<Helm> helm_;
};

TEST_F(ChartTest, PassesHelmsOwnChecks) {
  for (const char* values : {"least", "all"}) {
    const auto ran = helm_->Run(
        {"lint", "--strict", kChart, "--values", ValuesFile(values)});
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->exit_code, 0) << ran->out << ran->err;
  }
}

// docs/install.md begins with them.
TEST_F(ChartTest, TheExampleIsEnough) {
  const auto text = helm_->Render(
      {std::string(CLAVIGER_SOURCE_DIR) + "/examples/install/values.yaml"});
  EXPECT_TRUE(text) << text.error().message;
}

TEST_F(ChartTest, RendersTheSameTwice) {
  for (const char* values : {"least", "all"}) {
    const auto first = helm_->Render({ValuesFile(values)});
    const auto second = helm_->Render({ValuesFile(values)});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
  }
}

// The links to crds/ and operator/guard/ become files in a package.
TEST_F(ChartTest, APackageRendersAsTheFolderDoes) {
  const auto directory = ScratchDirectory::Create();
  ASSERT_TRUE(directory);
  const auto packed = helm_->Run({"package", kChart, "--destination",
                                  directory->path(), "--version", "9.9.9"});
  ASSERT_TRUE(packed) << packed.error().message;
  ASSERT_EQ(packed->exit_code, 0) << packed->err;
  const auto rendered =
      helm_->Run({"template", "claviger", directory->File("claviger-9.9.9.tgz"),
                  "--namespace", kNamespace, "--values", ValuesFile("least")});
  ASSERT_TRUE(rendered);
  ASSERT_EQ(rendered->exit_code, 0) << rendered->err;
  const auto theirs = Documents(rendered->out);
  ASSERT_TRUE(theirs);
  const std::vector<json> ours = Rendered("least");
  ASSERT_EQ(theirs->size(), ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ((*theirs)[i].value("spec", json()),
              ours[i].value("spec", json()));
  }
}

TEST_F(ChartTest, SaysWhatMustBeGiven) {
  const std::vector<std::string> least = {ValuesFile("least")};
  const std::pair<const char*, const char*> missing[] = {
      {"installationId=", "openssl rand -hex 8"},
      {"cluster=", "set cluster to this cluster's name"},
      {"vault.address=", "set vault.address"},
      {"vault.mounts=null", "set vault.mounts"},
  };
  for (const auto& [set, expected] : missing) {
    EXPECT_NE(Refusal(least, {set}).find(expected), std::string::npos)
        << set << ": " << Refusal(least, {set});
  }
}

TEST_F(ChartTest, RefusesValuesThatCannotBeMeant) {
  const std::vector<std::string> least = {ValuesFile("least")};
  const std::pair<const char*, const char*> wrong[] = {
      {"vault.adress=https://x", "additional properties 'adress' not allowed"},
      {"installationId=SHORT", "at '/installationId'"},
      {"cluster=Prod", "at '/cluster'"},
      {"vault.address=vault.corp", "at '/vault/address'"},
      {"vault.address=https://vault.corp/v1", "at '/vault/address'"},
      {"vault.mounts[0].engine=kv3", "at '/vault/mounts/0/engine'"},
      {"vault.caBundle=no certificate", "at '/vault/caBundle'"},
      {"operator.replicas=0", "at '/operator/replicas'"},
      {"webhook.timeoutSeconds=31", "at '/webhook/timeoutSeconds'"},
      {"image.digest=sha256:1", "at '/image/digest'"},
      {"log.level=loud", "at '/log/level'"},
      {"openshift=perhaps", "at '/openshift'"},
      {"vaultReviewer.lastingToken=true", "needs vaultReviewer.create"},
      {"vault.address=http://vault:8200", "must begin with https://"},
      {"vault.namespace=a'b", "may contain one of"},
      {"guard.previousSidecars[0].image=a", "missing property 'settings'"},
      {"injection.runAsUser=0", "at '/injection/runAsUser'"},
      {"injection.excludedNamespaces={Prod}", "at '/injection/excludedNa"},
  };
  for (const auto& [set, expected] : wrong) {
    EXPECT_NE(Refusal(least, {set}).find(expected), std::string::npos)
        << set << ": " << Refusal(least, {set});
  }
}

// Labels and annotations are the chart's own.
json WithoutLabels(json object) {
  object["metadata"].erase("labels");
  object["metadata"].erase("annotations");
  return object;
}

TEST_F(ChartTest, GivesTheOperatorWhatItsOwnTestsRunWith) {
  const std::vector<json> rendered = Rendered("least");
  for (const char* file : {"operator/rbac.yaml", "operator/webhook.yaml"}) {
    const std::vector<json> expected = FileDocuments(file);
    ASSERT_FALSE(expected.empty()) << file;
    for (const json& one : expected) {
      const json ours = Find(rendered, std::string(one["kind"]),
                             std::string(one["metadata"]["name"]));
      ASSERT_FALSE(ours.is_null()) << one["kind"] << one["metadata"];
      EXPECT_EQ(WithoutLabels(ours), WithoutLabels(one));
    }
  }
}

TEST_F(ChartTest, CarriesTheDefinitionsOfTheProjectAndKeepsThem) {
  const std::vector<json> rendered = Rendered("least");
  for (const char* name : {"connections", "grants", "groups"}) {
    const auto files = FileDocuments("crds/" + std::string(name) + ".yaml");
    ASSERT_EQ(files.size(), 1u);
    const json ours = Find(rendered, "CustomResourceDefinition",
                           std::string(name) + ".claviger.io");
    ASSERT_FALSE(ours.is_null());
    EXPECT_EQ(ours["spec"], files[0]["spec"]);
    EXPECT_EQ(ours["metadata"]["annotations"]["helm.sh/resource-policy"],
              "keep");
  }
  EXPECT_TRUE(Find(Rendered("least", {"crds.install=false"}),
                   "CustomResourceDefinition", "connections.claviger.io")
                  .is_null());
}

TEST_F(ChartTest, ConfigurationIsOneThatTheOperatorTakes) {
  for (const char* values : {"least", "all"}) {
    const json map = Find(Rendered(values), "ConfigMap", "claviger-operator");
    ASSERT_TRUE(map["data"]["operator.yaml"].is_string());
    const auto config =
        op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->layout.sidecar_audience, "claviger-7d21c05e9a3b4f68");
    EXPECT_EQ(config->operator_audience, "claviger-op-7d21c05e9a3b4f68");
    EXPECT_EQ(config->push_audience, "claviger-push-7d21c05e9a3b4f68");
    EXPECT_EQ(config->own_namespace, kNamespace);
    EXPECT_TRUE(config->webhook.enabled);
  }
}

TEST_F(ChartTest, EveryValueReachesTheConfiguration) {
  const json map = Find(Rendered("all"), "ConfigMap", "claviger-operator");
  const auto config =
      op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->vault_ca_file, "/etc/claviger/vault-ca/ca.crt");
  EXPECT_EQ(config->vault_namespace, "team-a");
  EXPECT_EQ(config->layout.mount, "claviger-kv");
  EXPECT_EQ(config->layout.auth_kind, "jwt");
  EXPECT_EQ(config->layout.auth_mount, "claviger-jwt");
  EXPECT_EQ(config->login_role, "claviger.prod-eu.operator");
  EXPECT_EQ(config->layout.user_auth_mount, "claviger-users");
  EXPECT_EQ(config->snapshot.paths.mounts.size(), 2u);
  ASSERT_EQ(config->admins.size(), 2u);
  EXPECT_EQ(config->admins[1].namespaces, std::vector<std::string>{"sales"});
  EXPECT_EQ(config->snapshot.organization_from,
            std::vector<std::string>{"platform"});
  EXPECT_EQ(config->drift_round, std::chrono::seconds(120));
  EXPECT_EQ(config->webhook.cert_file,
            "/etc/claviger/webhook-certificate/tls.crt");
  EXPECT_EQ(config->injection.image,
            "localhost/claviger-sidecar@sha256:" + std::string(64, '1'));
  EXPECT_EQ(config->injection.pull_policy, "Never");
  EXPECT_EQ(config->injection.run_as_user, 0);  // OpenShift's choice
  EXPECT_EQ(config->injection.log_level, "warning");
  EXPECT_EQ(config->injection.resources.limits.at("memory"), "48Mi");
}

TEST_F(ChartTest, WithoutInjectionAVaultWithoutTlsIsEnough) {
  const json map = Find(Rendered("least", {"injection.enabled=false",
                                           "vault.address=http://vault:8200"}),
                        "ConfigMap", "claviger-operator");
  const auto config =
      op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->injection.image, "");
}

// The guard pins what the operator writes, to the letter.
TEST_F(ChartTest, GuardAndOperatorKnowTheSameSidecar) {
  for (const char* values : {"least", "all"}) {
    const std::vector<json> rendered = Rendered(values);
    const json map = Find(rendered, "ConfigMap", "claviger-operator");
    const auto config =
        op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
    ASSERT_TRUE(config) << config.error().message;
    const json ca = Find(rendered, "ConfigMap", "claviger-vault-ca");
    const auto text = op::inject::SidecarText(op::SidecarFactsOf(
        *config, ca.is_null() ? "" : std::string(ca["data"]["ca.crt"])));
    ASSERT_TRUE(text) << text.error().message;
    const json policy =
        Find(rendered, "ValidatingAdmissionPolicy", "claviger-pods");
    ASSERT_FALSE(policy.is_null());
    std::string sidecars;
    for (const json& variable : policy["spec"]["variables"]) {
      if (variable["name"] == "sidecars") sidecars = variable["expression"];
    }
    EXPECT_NE(sidecars.find("{'image': '" + config->injection.image +
                            "', 'settings': r'" + *text + "'}"),
              std::string::npos)
        << sidecars;
  }
}

TEST_F(ChartTest, TheGuardLeavesNothingOpen) {
  for (const char* values : {"least", "all"}) {
    for (const json& one : Rendered(values)) {
      if (one["kind"] != "ValidatingAdmissionPolicy") continue;
      for (const char* open : {"_AUDIENCE", "SIDECAR_IMAGE", "SIDECAR_SETT"}) {
        EXPECT_EQ(one.dump().find(open), std::string::npos)
            << one["metadata"]["name"] << open;
      }
    }
  }
}

TEST_F(ChartTest, NamespacesAreLeftOutOfInjection) {
  const json webhooks =
      Find(Rendered("all"), "MutatingWebhookConfiguration", "claviger");
  const json& pods = webhooks["webhooks"][1];
  EXPECT_EQ(pods["name"], "pods.claviger.io");
  EXPECT_EQ(pods["namespaceSelector"]["matchExpressions"][0]["values"],
            json::array({"kube-system", kNamespace, "ci", "build"}));
}

json PodTemplate(const std::vector<json>& rendered) {
  return Find(rendered, "Deployment", "claviger-operator")["spec"]["template"];
}

TEST_F(ChartTest, PodsAreStartedAnewForAnotherConfigurationOnly) {
  const json before = PodTemplate(Rendered("least"));
  EXPECT_NE(PodTemplate(Rendered("least", {"safety.massDeleteMin=11"})),
            before);
  EXPECT_EQ(PodTemplate(Rendered("least", {"operator.replicas=3"})), before);
  EXPECT_EQ(PodTemplate(Rendered("least", {"networkPolicy.enabled=false"})),
            before);
}

TEST_F(ChartTest, OpenShiftChoosesTheUser) {
  const json elsewhere = PodTemplate(Rendered("least"));
  EXPECT_EQ(elsewhere["spec"]["securityContext"]["runAsUser"], 65532);
  const json there = PodTemplate(Rendered("least", {"openshift=true"}));
  EXPECT_FALSE(there["spec"]["securityContext"].contains("runAsUser"));
  EXPECT_EQ(there["spec"]["securityContext"]["runAsNonRoot"], true);
}

TEST_F(ChartTest, OneReplicaHasNoBudgetThatWouldBlockItsNode) {
  EXPECT_TRUE(Find(Rendered("least", {"operator.replicas=1"}),
                   "PodDisruptionBudget", "claviger-operator")
                  .is_null());
}

TEST_F(ChartTest, TwoReplicasKeepApartAndOneStaysUp) {
  const std::vector<json> rendered = Rendered("least");
  const json deployment = Find(rendered, "Deployment", "claviger-operator");
  EXPECT_EQ(deployment["spec"]["replicas"], 2);
  EXPECT_EQ(deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"],
            0);
  const json budget =
      Find(rendered, "PodDisruptionBudget", "claviger-operator");
  EXPECT_EQ(budget["spec"]["minAvailable"], 1);
  const json& pod = deployment["spec"]["template"];
  const json apart = pod["spec"]["affinity"]["podAntiAffinity"]
                        ["preferredDuringSchedulingIgnoredDuringExecution"][0]
                        ["podAffinityTerm"];
  EXPECT_EQ(apart["topologyKey"], "kubernetes.io/hostname");
  for (const json& selector :
       {apart["labelSelector"], budget["spec"]["selector"],
        Find(rendered, "NetworkPolicy",
             "claviger-operator")["spec"]["podSelector"],
        deployment["spec"]["selector"]}) {
    for (const auto& [key, value] : selector["matchLabels"].items()) {
      EXPECT_EQ(pod["metadata"]["labels"].value(key, ""), value) << key;
    }
  }
}

// Each port that the operator serves, and no other.
TEST_F(ChartTest, TheNetworkPolicyOpensWhatIsServed) {
  const std::vector<json> rendered = Rendered("least");
  std::set<int> served;
  const json pod = PodTemplate(rendered);
  for (const json& port : pod["spec"]["containers"][0]["ports"]) {
    served.insert(port["containerPort"].get<int>());
  }
  const json policy = Find(rendered, "NetworkPolicy", "claviger-operator");
  // Sidecars are pods, and no others have to do with the push channel.
  constexpr int kPush = 9444;
  std::set<int> open;
  for (const json& rule : policy["spec"]["ingress"]) {
    EXPECT_EQ(rule.contains("from"), rule["ports"][0]["port"] == kPush);
    for (const json& port : rule["ports"]) open.insert(port["port"].get<int>());
  }
  EXPECT_EQ(open, served);
  EXPECT_EQ(policy["spec"]["policyTypes"], json::array({"Ingress"}));
  EXPECT_TRUE(Find(Rendered("least", {"networkPolicy.enabled=false"}),
                   "NetworkPolicy", "claviger-operator")
                  .is_null());

  const json narrow =
      Find(Rendered("all"), "NetworkPolicy", "claviger-operator")["spec"];
  EXPECT_EQ(narrow["policyTypes"], json::array({"Ingress", "Egress"}));
  EXPECT_EQ(narrow["egress"].size(), 2u);
  for (const json& rule : narrow["ingress"]) {
    const int port = rule["ports"][0]["port"];
    EXPECT_EQ(rule.contains("from"), port == 8080 || port == kPush) << port;
  }
}

TEST_F(ChartTest, ADigestCountsMoreThanATag) {
  const auto image = [](const json& pod) {
    return std::string(pod["spec"]["containers"][0]["image"]);
  };
  EXPECT_EQ(image(PodTemplate(Rendered("all"))),
            "localhost/claviger-operator@sha256:" + std::string(64, '0'));
  EXPECT_EQ(image(PodTemplate(Rendered("least", {"image.tag=v2"}))),
            "claviger/operator:v2");
  // The Job at the end is of the same image.
  const json job = Find(Rendered("all"), "Job", "claviger-uninstall");
  EXPECT_EQ(image(job["spec"]["template"]),
            image(PodTemplate(Rendered("all"))));
}

}  // namespace
}  // namespace claviger::testing
