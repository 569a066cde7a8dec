// SPDX-License-Identifier: Apache-2.0
#include "integration/pod_bed.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "integration/kube_real.h"
#include "model/document.h"
#include "model/yaml_reader.h"
#include "support/await.h"
#include "support/builders.h"
#include "support/json_text.h"
#include "support/kube_manifests.h"
#include "unit/operator/inject/golden.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr seconds kPatience{60};

void Replace(std::string& text, const std::string& what,
             const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

Result<std::string> GuardFile(const std::string& name) {
  return ReadFile(CLAVIGER_SOURCE_DIR "/operator/guard/" + name + ".yaml",
                  size_t{1} << 20U);
}

// The connections that the golden pods name.
std::shared_ptr<const access::Snapshot> World() {
  model::Objects objects;
  for (const std::string ref : {"sales/warehouse", "sales/ledger",
                                "sales/rates", "sales/lake", "crm-eu/api.v2"}) {
    model::Connection connection = AConnection(ref).ServerSideOnly(
        ref == "sales/ledger" || ref == "sales/rates");
    connection.sharing.mode = model::SharingMode::kOrganization;
    if (connection.metadata.name == "warehouse") {
      connection.endpoint.host = "dw.corp";
      connection.endpoint.port = 5432;
    } else if (connection.metadata.name == "lake") {
      connection.provider = "s3";
      connection.credentials.type = "aws-static";
      connection.endpoint = {};
      connection.endpoint.url = "https://s3.corp";
    } else if (connection.metadata.name != "ledger") {
      connection.provider = "http";
      connection.credentials.type = "token";
      connection.endpoint = {};
      connection.endpoint.url = "https://crm.corp/$1";
    }
    objects.connections.push_back(std::move(connection));
  }
  access::SnapshotSettings settings;
  settings.paths.allow_all = true;
  return std::make_shared<const access::Snapshot>(std::move(objects), settings);
}

}  // namespace

Result<std::unique_ptr<PodBed>> PodBed::Start() {
  auto kube = RealKubeApiServer::Start();
  if (!kube) return Fail(kube.error());
  std::unique_ptr<PodBed> bed(new PodBed());
  bed->kube_ = *std::move(kube);
  for (const auto& step : {&PodBed::PrepareCluster, &PodBed::StartInjector,
                           &PodBed::RegisterInjector}) {
    if (auto done = (bed.get()->*step)(); !done) return Fail(done.error());
  }
  const auto settings = GoldenSettings();
  auto guarded = bed->SetGuard({{settings.image, settings.sidecar_text}});
  if (!guarded) return Fail(guarded.error());
  return bed;
}

PodBed::~PodBed() { webhook_.reset(); }

Status PodBed::PrepareCluster() {
  for (const char* ns : {"shop", "claviger-system"}) {
    if (auto made = kube_->CreateNamespace(ns); !made) return made;
  }
  for (const char* account : {"app", "nightly", "agent", "db", "default"}) {
    if (auto made = kube_->CreateServiceAccount("shop", account); !made) {
      return made;
    }
  }
  for (const char* account : {"claviger-operator", "default"}) {
    auto made = kube_->CreateServiceAccount("claviger-system", account);
    if (!made) return made;
  }
  return kube_->CreateServiceAccount("kube-system", "default");
}

Status PodBed::StartInjector() {
  auto transport = kube::MakeCpprestTransport(AdminOf(*kube_), clock_);
  if (!transport) return Fail(transport.error());
  transport_ = *std::move(transport);
  client_ = std::make_unique<kube::Client>(*transport_);
  op::webhook::WebhookOptions options;
  options.address = "127.0.0.1";
  options.port = 0;
  options.certificates.dns_names = {"localhost"};
  options.upkeep = std::chrono::milliseconds(200);
  options.injection = GoldenSettings();
  auto started = op::webhook::StartWebhook(
      options, {*client_, clock_, random_, log_, counters_});
  if (!started) return Fail(started.error());
  webhook_ = *std::move(started);
  webhook_->Publish(World());
  return {};
}

// operator/webhook.yaml, with the address that it has here.
Status PodBed::RegisterInjector() {
  const auto text =
      ReadFile(CLAVIGER_SOURCE_DIR "/operator/webhook.yaml", size_t{1} << 20U);
  if (!text) return Fail(text.error());
  for (const model::Node& root : model::ReadYaml(*text).roots) {
    json object = json::parse(ToJson(root));
    const std::string kind = object["kind"];
    if (kind == "Service") continue;
    for (json& webhook : object["webhooks"]) {
      json& client = webhook["clientConfig"];
      const std::string path = client["service"]["path"];
      client = {{"url", "https://localhost:" +
                            std::to_string(webhook_->port()) + path}};
    }
    const bool validates = kind == "ValidatingWebhookConfiguration";
    const ApiAnswer made = Call(
        "POST",
        std::string("/apis/admissionregistration.k8s.io/v1/") +
            (validates ? "validating" : "mutating") + "webhookconfigurations",
        object);
    if (!made.ok()) return Fail(ErrorCode::kInternal, made.message());
  }
  const bool up = Await([this] { return webhook_->Ready(); }, kPatience) &&
                  Await(
                      [this] {
                        json pod = InjectedPod();
                        pod["metadata"]["labels"]["claviger.io/inject"] =
                            "true";
                        pod["spec"].erase("initContainers");
                        return Try(pod).ok();
                      },
                      kPatience);
  return up ? Status()
            : Fail(ErrorCode::kDeadlineExceeded, "wait for the injector");
}

// The policies begin to hold one by one.
bool PodBed::GuardsTokens() {
  const json request = {{"spec", {{"audiences", {kSidecarAudience}}}}};
  const json driver = {
      {"apiVersion", "storage.k8s.io/v1"},
      {"kind", "CSIDriver"},
      {"metadata", {{"name", "probe.example"}}},
      {"spec",
       {{"tokenRequests", json::array({{{"audience", kSidecarAudience}}})}}}};
  return !Call("POST", "/api/v1/namespaces/shop/serviceaccounts/app/token",
               request)
              .ok() &&
         !Call("POST", "/apis/storage.k8s.io/v1/csidrivers?dryRun=All", driver)
              .ok();
}

Status PodBed::SetGuard(
    const std::vector<std::pair<std::string, std::string>>& sidecars) {
  // What shows that this guard is in force, and no older one.
  static int rounds = 0;
  const std::string mark = "guard-" + std::to_string(++rounds);
  std::string list;
  for (const auto& [image, settings] : sidecars) {
    list += "{'image': '" + image + "', 'settings': r'" + settings + "'}, ";
  }
  list += "{'image': '" + mark + "', 'settings': r'{}'}";
  for (const char* name : {"pods", "tokens", "exec", "drivers"}) {
    auto text = GuardFile(name);
    if (!text) return Fail(text.error());
    Replace(*text,
            "[{'image': 'SIDECAR_IMAGE', 'settings': r'SIDECAR_SETTINGS'}]",
            "[" + list + "]");
    Replace(*text, "SIDECAR_AUDIENCE", kSidecarAudience);
    Replace(*text, "OPERATOR_AUDIENCE", kOperatorAudience);
    Replace(*text, "PUSH_AUDIENCE", kPushAudience);
    if (auto done = ApplyManifests(*kube_, *text); !done) return done;
  }
  const auto in_force = [&] {
    json pod = InjectedPod();
    SidecarOf(pod)["image"] = mark;
    SidecarOf(pod)["args"][0] = "--settings={}";
    json none = InjectedPod();
    SidecarOf(none)["image"] = "none";
    return Try(pod).ok() && !Try(none).ok() && GuardsTokens();
  };
  if (Await(in_force, kPatience)) return {};
  json pod = InjectedPod();
  return Fail(ErrorCode::kDeadlineExceeded,
              "wait for the guard: " + Try(pod).message());
}

ApiAnswer PodBed::CallAs(const std::string& user,
                         const std::vector<std::string>& groups,
                         const std::string& method, const std::string& path,
                         const json& body) {
  HttpCall call = kube_->Prepare(method, path);
  call.headers.emplace_back("Impersonate-User", user);
  for (const std::string& group : groups) {
    call.headers.emplace_back("Impersonate-Group", group);
  }
  return AskKube(std::move(call), body);
}

ApiAnswer PodBed::Call(const std::string& method, const std::string& path,
                       const json& body, const std::string& content_type) {
  return AskKube(kube_->Prepare(method, path), body, content_type);
}

ApiAnswer PodBed::Try(const json& pod, const std::string& ns) {
  return Call("POST", "/api/v1/namespaces/" + ns + "/pods?dryRun=All", pod);
}

json InjectedPod() {
  const json plain = json::parse(
      R"({"apiVersion": "v1", "kind": "Pod",
          "metadata": {"name": "web", "labels": {"claviger.io/inject": "true"}},
          "spec": {"serviceAccountName": "app",
                   "automountServiceAccountToken": false,
                   "containers": [{"name": "app", "image": "shop/app:1"}]}})");
  json pod = AfterInjection(
      plain, op::inject::Inject(plain, GoldenSettings(), GoldenSurroundings()));
  pod["metadata"].erase("labels");
  return pod;
}

json& SidecarOf(json& pod) {
  for (json& container : pod["spec"]["initContainers"]) {
    if (container["name"] == "claviger-sidecar") return container;
  }
  throw std::logic_error("no sidecar");
}

}  // namespace claviger::testing
