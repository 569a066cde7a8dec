// SPDX-License-Identifier: Apache-2.0
#include "cluster_bed.h"

#include "access/policy.h"
#include "base/file.h"
#include "model/document.h"
#include "model/yaml_reader.h"
#include "operator/own_policy.h"
#include "support/await.h"
#include "support/json_text.h"
#include "support/kube_manifests.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kSource[] = CLAVIGER_SOURCE_DIR;
constexpr char kApiVersion[] = "claviger.io/v1alpha1";
constexpr char kOperatorAudience[] = "claviger-op-test";
constexpr char kSidecarAudience[] = "claviger-test";

Status Ok(const Result<HttpAnswer>& answer, const std::string& doing) {
  if (!answer) return Fail(answer.error(), doing);
  if (answer->ok()) return {};
  return Fail(ErrorCode::kInternal, doing + ": " + answer->body);
}

Result<std::string> FileText(const std::string& path) {
  return ReadFile(std::string(kSource) + "/" + path, 1U << 20U);
}

}  // namespace

std::string WarehouseYaml(const std::string& more) {
  return R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, database: dw}
  owner: {kind: User, name: erin}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse}}
)" + more;
}

std::string GrantYaml(const std::string& name, const std::string& account,
                      const std::string& more) {
  const size_t slash = account.find('/');
  return "apiVersion: claviger.io/v1alpha1\nkind: Grant\nmetadata: {name: " +
         name + ", namespace: sales}\nspec:\n  connection: warehouse\n" +
         "  subjects: [{kind: ServiceAccount, namespace: " +
         account.substr(0, slash) + ", name: " + account.substr(slash + 1) +
         "}]\n  privileges: [use]\n" + more;
}

Result<std::unique_ptr<ClusterBed>> ClusterBed::Start(
    const KubeOptions& options) {
  std::unique_ptr<ClusterBed> bed(new ClusterBed());
  auto vault = RealVault::Start();
  if (!vault) return Fail(std::move(vault).error());
  auto kube = RealKubeApiServer::Start(options);
  if (!kube) return Fail(std::move(kube).error());
  auto directory = ScratchDirectory::Create();
  if (!directory) return Fail(std::move(directory).error());
  bed->vault_ = *std::move(vault);
  bed->kube_ = *std::move(kube);
  bed->directory_.emplace(*std::move(directory));
  bed->routes_ = {bed->kube_->url(), bed->kube_->ca_path(),
                  bed->vault_->address()};
  if (Status done = bed->PrepareCluster(); !done) return Fail(done.error());
  if (Status done = bed->PrepareVault(); !done) return Fail(done.error());
  return bed;
}

Status ClusterBed::PrepareCluster() {
  Status done = InstallCrds(*kube_, std::string(kSource) + "/crds");
  for (const char* ns : {"claviger-system", "sales", "reports", "finance"}) {
    if (done) done = kube_->CreateNamespace(ns);
  }
  if (done) done = kube_->CreateServiceAccount("reports", "nightly");
  if (done) done = kube_->CreateServiceAccount("finance", "closer");
  if (!done) return done;
  const Result<std::string> rbac = FileText("operator/rbac.yaml");
  if (!rbac) return Fail(rbac.error());
  return Apply(*rbac);
}

Status ClusterBed::PrepareVault() {
  Status done = vault_->EnableSecrets("claviger", "kv-v2");
  if (done) done = vault_->EnableSecrets("secret", "kv-v2");
  if (done) done = ConfigureKubernetesAuth(*vault_, *kube_, "claviger");
  if (!done) return done;
  access::VaultLayout layout;
  layout.cluster = "prod";
  done = Ok(vault_->Call("POST", "sys/policies/acl/claviger.prod.operator",
                         json{{"policy", op::OwnPolicyText(layout)}}.dump()),
            "write the operator's policy");
  if (!done) return done;
  done = Ok(vault_->Call(
                "POST", "auth/claviger/role/claviger.prod.operator",
                json{{"bound_service_account_names", {"claviger-operator"}},
                     {"bound_service_account_namespaces", {"claviger-system"}},
                     {"audience", kOperatorAudience},
                     {"token_ttl", 3600},
                     {"token_policies", {"claviger.prod.operator"}}}
                    .dump()),
            "write the operator's role");
  for (const char* path : {"sales/warehouse", "sales/nightly", "sales/other"}) {
    if (done) {
      done = Ok(vault_->Call("POST", std::string("secret/data/") + path,
                             R"({"data":{"username":"app","password":"pw"}})"),
                "write a secret");
    }
  }
  return done;
}

Status ClusterBed::WriteFiles(const std::string& name,
                              const std::string& more) {
  const auto api =
      kube_->RequestToken("claviger-system", "claviger-operator", {});
  if (!api) return Fail(api.error());
  const auto login = kube_->RequestToken("claviger-system", "claviger-operator",
                                         {kOperatorAudience});
  if (!login) return Fail(login.error());
  const json kubeconfig = {
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "test"},
      {"contexts",
       {{{"name", "test"},
         {"context", {{"cluster", "test"}, {"user", "test"}}}}}},
      {"clusters",
       {{{"name", "test"},
         {"cluster",
          {{"server", routes_.kube_url},
           {"certificate-authority", routes_.kube_ca_file}}}}}},
      {"users", {{{"name", "test"}, {"user", {{"token", *api}}}}}}};
  const auto kubeconfig_file =
      directory_->Write(name + ".kubeconfig", kubeconfig.dump());
  if (!kubeconfig_file) return Fail(kubeconfig_file.error());
  const auto token_file = directory_->Write(name + ".jwt", *login);
  if (!token_file) return Fail(token_file.error());
  const auto config = directory_->Write(name + ".yaml", R"(cluster: prod
tokenFile: )" + *token_file + R"(
kubernetes: {kubeconfig: )" + *kubeconfig_file +
                                                            R"(}
vault:
  address: )" + routes_.vault_address + R"(
  mounts: )" + mounts_ + R"(
audiences: {sidecar: )" + kSidecarAudience + R"(, push: )" + kPushAudience +
                                                            R"(}
metrics: {address: 127.0.0.1, port: 0}
health: {address: 127.0.0.1, port: 0}
log: {level: debug}
)" + more);
  return config ? Status() : Fail(config.error());
}

Result<Process> ClusterBed::StartOperator(const std::string& name,
                                          const std::string& more) {
  const std::string settings =
      more.empty() ? "webhook: {enabled: false}\n" : more;
  if (Status done = WriteFiles(name, settings); !done) {
    return Fail(done.error());
  }
  ProcessOptions options;
  options.argv = {CLAVIGER_OPERATOR, "--config",
                  directory_->File(name + ".yaml")};
  options.stderr_path = directory_->File(name + ".log");
  options.environment = environment_;
  return Process::Start(options);
}

std::string ClusterBed::LogOf(const std::string& name) const {
  return ReadFile(directory_->File(name + ".log"), 64U << 20U).value_or("");
}

Status ClusterBed::RegisterWebhook(Process& process) {
  const auto line = process.WaitForLine("webhook listening", kPatience);
  if (!line) return Fail(ErrorCode::kDeadlineExceeded, process.StderrTail());
  const int port = json::parse(*line).at("port");
  const Result<std::string> text = FileText("operator/webhook.yaml");
  if (!text) return Fail(text.error());
  for (const model::Node& root : model::ReadYaml(*text).roots) {
    json object = json::parse(ToJson(root));
    const std::string kind = object["kind"];
    if (kind == "Service") continue;
    for (json& webhook : object["webhooks"]) {
      json& client = webhook["clientConfig"];
      const std::string path = client["service"]["path"];
      client = {{"url", "https://localhost:" + std::to_string(port) + path}};
    }
    const bool validates = kind == "ValidatingWebhookConfiguration";
    Status made =
        Ok(kube_->Call("POST",
                       std::string("/apis/admissionregistration.k8s.io/v1/") +
                           (validates ? "validating" : "mutating") +
                           "webhookconfigurations",
                       object.dump()),
           "register " + kind);
    if (!made) return made;
  }
  return {};
}

Status ClusterBed::Apply(std::string_view yaml) {
  return ApplyManifests(*kube_, yaml);
}

Status ClusterBed::Delete(const std::string& kind, const std::string& ns,
                          const std::string& name) {
  return Ok(kube_->Call("DELETE", ResourcePath(kApiVersion, kind, ns, name)),
            "delete " + kind + " " + name);
}

json ClusterBed::Get(const std::string& kind, const std::string& ns,
                     const std::string& name) {
  const auto answer =
      kube_->Call("GET", ResourcePath(kApiVersion, kind, ns, name));
  if (!answer || answer->status != 200) return nullptr;
  return json::parse(answer->body);
}

std::string ClusterBed::Condition(const std::string& kind,
                                  const std::string& ns,
                                  const std::string& name,
                                  const std::string& type) {
  const json object = Get(kind, ns, name);
  if (object.is_null()) return "gone";
  const json conditions =
      object.value("/status/conditions"_json_pointer, json::array());
  for (const json& one : conditions) {
    if (one.at("type") != type) continue;
    return one.at("status").get<std::string>() + "/" +
           one.at("reason").get<std::string>();
  }
  return "absent";
}

std::string ClusterBed::AwaitCondition(const std::string& kind,
                                       const std::string& ns,
                                       const std::string& name,
                                       const std::string& type,
                                       const std::string& expected) {
  std::string last;
  Await([&] {
    last = Condition(kind, ns, name, type);
    return last == expected;
  });
  return last;
}

bool ClusterBed::Await(const std::function<bool()>& holds,
                       std::chrono::milliseconds patience) {
  return testing::Await(holds, patience);
}

Result<std::string> ClusterBed::LogIn(const std::string& ns,
                                      const std::string& account) {
  const auto jwt = kube_->RequestToken(ns, account, {kSidecarAudience});
  if (!jwt) return Fail(jwt.error());
  const auto answer = vault_->Call(
      "POST", "auth/claviger/login",
      json{{"role", "claviger.prod.sa." + ns + "." + account}, {"jwt", *jwt}}
          .dump());
  if (!answer) return Fail(answer.error());
  if (!answer->ok()) {
    return Fail(ErrorCode::kPermissionDenied, std::to_string(answer->status));
  }
  return json::parse(answer->body)["auth"]["client_token"].get<std::string>();
}

int ClusterBed::Read(const std::string& token, const std::string& path) {
  HttpCall call = vault_->Prepare("GET", path);
  for (auto& header : call.headers) {
    if (header.first == "X-Vault-Token") header.second = token;
  }
  const auto answer = SendHttp(call);
  return answer ? answer->status : 0;
}

std::string ClusterBed::Policy(const std::string& principal) {
  const auto answer =
      vault_->Call("GET", "sys/policies/acl/claviger.prod." + principal);
  if (!answer || !answer->ok()) return "";
  return json::parse(answer->body)["data"]["policy"].get<std::string>();
}

json ClusterBed::OursInVault() {
  json all = json::object();
  const auto list = [&](const std::string& path) {
    const auto answer = vault_->Call("LIST", path);
    if (!answer || !answer->ok()) return json::array();
    return json::parse(answer->body)["data"]["keys"];
  };
  for (const json& name : list("sys/policies/acl")) {
    const std::string text = name;
    if (text.rfind("claviger.prod.", 0) != 0) continue;
    all["policy " + text] = Policy(text.substr(14));
  }
  for (const json& name : list("auth/claviger/role")) {
    all["role " + name.get<std::string>()] = true;
  }
  return all;
}

}  // namespace claviger::testing
