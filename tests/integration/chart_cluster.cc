// SPDX-License-Identifier: Apache-2.0
#include "chart_cluster.h"

#include "operator/config.h"
#include "operator/inject/inject.h"
#include "support/await.h"
#include "support/kube_manifests.h"

namespace claviger::testing {

using nlohmann::json;

void ChartCluster::SetUp() {
  auto helm = Helm::Find();
  CLAVIGER_NEED_SERVER(helm);
  helm_.emplace(*std::move(helm));
  auto kube = RealKubeApiServer::Start();
  CLAVIGER_NEED_SERVER(kube);
  kube_ = *std::move(kube);
  ASSERT_TRUE(helm_->UseServer(*kube_));
  ASSERT_TRUE(kube_->CreateNamespace(kNamespace));
}

void ChartCluster::ExpectHelm(const std::vector<std::string>& arguments) {
  const auto ran = helm_->Run(arguments);
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_EQ(ran->exit_code, 0) << ran->out << ran->err;
}

void ChartCluster::Install(const std::vector<std::string>& set) {
  std::vector<std::string> arguments = {
      "upgrade",     "claviger", kChart,     "--install",
      "--namespace", kNamespace, "--values", ValuesFile("least")};
  for (const std::string& one : set) {
    arguments.insert(arguments.end(), {"--set", one});
  }
  ExpectHelm(arguments);
}

std::string ChartCluster::DryRun(const json& object, const std::string& ns) {
  const std::string path = ResourcePath(
      std::string(object["apiVersion"]), std::string(object["kind"]),
      object["metadata"].value("namespace", ns));
  if (path.empty()) return "a kind that the test does not know";
  const auto answer = kube_->Call(
      "POST", path + "?dryRun=All&fieldValidation=Strict", object.dump());
  if (!answer) return answer.error().message;
  return answer->ok() ? "" : answer->body;
}

bool ChartCluster::AwaitDryRun(const json& object, const std::string& ns,
                               bool accepted) {
  return Await([&] { return DryRun(object, ns).empty() == accepted; },
               std::chrono::seconds(60));
}

json ChartCluster::Get(const std::string& path) {
  const auto answer = kube_->Call("GET", path);
  return answer && answer->ok() ? answer->Json() : json();
}

void ChartCluster::Create(const std::string& path, const json& object) {
  const auto answer = kube_->Call("POST", path, object.dump());
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_TRUE(answer->ok()) << answer->body;
}

std::vector<json> ChartCluster::Rendered(
    const std::vector<std::string>& set) const {
  const auto text = helm_->Render({ValuesFile("least")}, set);
  EXPECT_TRUE(text) << text.error().message;
  if (!text) return {};
  return Documents(*text).value_or(std::vector<json>());
}

json PodOf(const json& workload, const std::string& name) {
  json pod = workload["spec"]["template"];
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  pod["metadata"]["name"] = name;
  return pod;
}

json InjectedPod(const std::vector<json>& rendered) {
  const json map = Find(rendered, "ConfigMap", "claviger-operator");
  const auto config =
      op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
  EXPECT_TRUE(config) << config.error().message;
  op::inject::Settings settings = config->injection;
  settings.sidecar_text =
      op::inject::SidecarText(op::SidecarFactsOf(*config, "")).value_or("");
  json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata",
               {{"name", "app"}, {"labels", {{"claviger.io/inject", "true"}}}}},
              {"spec",
               {{"serviceAccountName", "default"},
                {"automountServiceAccountToken", false},
                {"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
  op::inject::Surroundings surroundings;
  surroundings.ns = "shop";
  surroundings.native_sidecars = op::inject::NativeSidecars::kYes;
  const op::inject::Outcome outcome =
      op::inject::Inject(pod, settings, surroundings);
  EXPECT_TRUE(outcome.allowed) << outcome.message;
  for (const op::PatchStep& step : outcome.patch) {
    pod.patch_inplace(json::array({{{"op", step.op},
                                    {"path", step.path},
                                    {"value", json::parse(step.value)}}}));
  }
  pod["metadata"].erase("labels");
  return pod;
}

}  // namespace claviger::testing
