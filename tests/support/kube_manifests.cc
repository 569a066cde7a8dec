// SPDX-License-Identifier: Apache-2.0
#include "support/kube_manifests.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/file.h"
#include "model/document.h"
#include "model/yaml_reader.h"
#include "support/await.h"
#include "support/json_text.h"

namespace claviger::testing {
namespace {

using model::Node;

struct KindRow {
  std::string_view kind;
  std::string_view plural;
  bool namespaced;
};

constexpr KindRow kKinds[] = {
    {"Certificate", "certificates", true},
    {"ClusterRole", "clusterroles", false},
    {"ClusterRoleBinding", "clusterrolebindings", false},
    {"ConfigMap", "configmaps", true},
    {"Connection", "connections", true},
    {"CustomResourceDefinition", "customresourcedefinitions", false},
    {"Deployment", "deployments", true},
    {"Grant", "grants", true},
    {"Group", "groups", false},
    {"Issuer", "issuers", true},
    {"Job", "jobs", true},
    {"MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false},
    {"Namespace", "namespaces", false},
    {"NetworkPolicy", "networkpolicies", true},
    {"Pod", "pods", true},
    {"PodDisruptionBudget", "poddisruptionbudgets", true},
    {"PodMonitor", "podmonitors", true},
    {"PrometheusRule", "prometheusrules", true},
    {"Role", "roles", true},
    {"RoleBinding", "rolebindings", true},
    {"Secret", "secrets", true},
    {"Service", "services", true},
    {"ServiceAccount", "serviceaccounts", true},
    {"ValidatingAdmissionPolicy", "validatingadmissionpolicies", false},
    {"ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
     false},
    {"ServiceMonitor", "servicemonitors", true},
    {"ValidatingAdmissionPolicy", "validatingadmissionpolicies", false},
    {"ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
     false},
    {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
     false},
};

std::string Text(const Node* node, std::string_view key) {
  const Node* child = node == nullptr ? nullptr : node->Find(key);
  return child == nullptr ? "" : child->text;
}

Status ApplyOne(const PrepareCall& prepare, const Node& root,
                const std::string& name_space) {
  const Node* metadata = root.Find("metadata");
  const std::string own = Text(metadata, "namespace");
  const std::string path =
      ResourcePath(Text(&root, "apiVersion"), Text(&root, "kind"),
                   own.empty() ? name_space : own, Text(metadata, "name"));
  if (path.empty()) {
    return Fail(ErrorCode::kUnsupported,
                "apply an object of kind " + Text(&root, "kind"));
  }
  HttpCall call =
      prepare("PATCH", path + "?fieldManager=test&fieldValidation=Strict");
  call.headers.back() = {"Content-Type", "application/apply-patch+yaml"};
  call.body = ToJson(root);
  const auto answer = SendHttpOk(call);
  return answer ? Status() : Fail(answer.error(), "apply " + path);
}

Status WaitUntilServed(const RealKubeApiServer& kube, std::string_view kind) {
  const std::string path =
      ResourcePath("claviger.io/v1alpha1", kind, "default");
  const auto is_served = [&] {
    const auto answer = kube.Call("GET", path);
    return answer && answer->status == 200;
  };
  if (Await(is_served, std::chrono::seconds(60))) return {};
  return Fail(ErrorCode::kDeadlineExceeded,
              "wait until " + std::string(kind) + " is served");
}

}  // namespace

std::string AdminKubeconfig(const RealKubeApiServer& kube) {
  using nlohmann::json;
  const json context = {{"cluster", "test"}, {"user", "test"}};
  const json cluster = {
      {"server", kube.url()},
      {"certificate-authority-data", Base64Encode(kube.ca_pem())}};
  const json user = {{"token", kube.admin_token()}};
  return json{{"apiVersion", "v1"},
              {"kind", "Config"},
              {"current-context", "test"},
              {"contexts", {{{"name", "test"}, {"context", context}}}},
              {"clusters", {{{"name", "test"}, {"cluster", cluster}}}},
              {"users", {{{"name", "test"}, {"user", user}}}}}
      .dump();
}

std::string ResourcePath(std::string_view api_version, std::string_view kind,
                         const std::string& name_space,
                         const std::string& name) {
  const auto* row =
      std::find_if(std::begin(kKinds), std::end(kKinds),
                   [kind](const KindRow& one) { return one.kind == kind; });
  if (row == std::end(kKinds)) return "";
  const bool core = api_version.find('/') == std::string_view::npos;
  std::string path = core ? "/api/" : "/apis/";
  path += api_version;
  if (row->namespaced) path += "/namespaces/" + name_space;
  path.append("/").append(row->plural);
  return name.empty() ? path : path + "/" + name;
}

Status ApplyManifests(const RealKubeApiServer& kube, std::string_view yaml,
                      const std::string& name_space) {
  return ApplyManifests(
      [&kube](std::string_view method, std::string_view path) {
        return kube.Prepare(method, path);
      },
      yaml, name_space);
}

Status ApplyManifests(const PrepareCall& prepare, std::string_view yaml,
                      const std::string& name_space) {
  const model::Documents documents = model::ReadYaml(yaml);
  if (documents.error) {
    return Fail(ErrorCode::kInvalidArgument,
                "read manifests: line " +
                    std::to_string(documents.error->line) + ": " +
                    documents.error->what);
  }
  for (const Node& root : documents.roots) {
    if (auto applied = ApplyOne(prepare, root, name_space); !applied) {
      return applied;
    }
  }
  return {};
}

Status InstallCrds(const RealKubeApiServer& kube,
                   const std::string& directory) {
  for (const char* file : {"connections", "grants", "groups"}) {
    const auto text =
        ReadFile(directory + "/" + file + ".yaml", size_t{1} << 20U);
    if (!text) return Fail(text.error());
    if (auto applied = ApplyManifests(kube, *text); !applied) return applied;
  }
  for (const char* kind : {"Connection", "Grant", "Group"}) {
    if (auto served = WaitUntilServed(kube, kind); !served) return served;
  }
  return {};
}

}  // namespace claviger::testing
