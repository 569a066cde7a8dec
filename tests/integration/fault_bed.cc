// SPDX-License-Identifier: Apache-2.0
#include "fault_bed.h"

#include <algorithm>
#include <csignal>
#include <regex>
#include <sstream>

#include "support/http_call.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kLease[] =
    "/apis/coordination.k8s.io/v1/namespaces/claviger-system/leases/"
    "claviger-operator";
constexpr char kPrefix[] = "claviger.prod.";
constexpr char kEntries[] = "claviger/metadata/prod/";

uint16_t PortOf(const std::string& url) {
  return static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// What each run has anew: uids, digests over them, times.
json WithoutRun(const json& all) {
  static const std::regex kOfThisRun(
      "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|"
      "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z|created[^:]*:[0-9]+");
  json same = json::parse(std::regex_replace(all.dump(), kOfThisRun, "*"));
  same.erase("entry ledger/epoch");  // a count of passes that wrote
  for (auto& [name, value] : same.items()) {
    if (!value.is_object()) continue;
    value.erase("accessor");
    const auto items = value.find("items");
    if (items != value.end()) std::sort(items->begin(), items->end());
  }
  return same;
}

}  // namespace

Result<std::unique_ptr<FaultBed>> FaultBed::Start(const KubeOptions& options) {
  std::unique_ptr<FaultBed> bed(new FaultBed());
  auto cluster = ClusterBed::Start(options);
  if (!cluster) return Fail(std::move(cluster).error());
  bed->cluster_ = *std::move(cluster);
  RealKubeApiServer& server = bed->cluster_->kube();
  auto kube = FaultProxy::Start({PortOf(server.url()), server.ca_path()});
  if (!kube) return Fail(kube.error());
  auto vault =
      FaultProxy::Start({PortOf(bed->cluster_->vault().address()), ""});
  if (!vault) return Fail(vault.error());
  bed->kube_ = *std::move(kube);
  bed->vault_ = *std::move(vault);
  const auto ca =
      bed->cluster_->directory().Write("proxy.pem", bed->kube_->ca_pem());
  if (!ca) return Fail(ca.error());
  bed->cluster_->SetRoutes({bed->kube_->url(), *ca, bed->vault_->url()});
  return bed;
}

Status FaultBed::StartOperator(const std::string& more) {
  StopOperator();
  const std::string settings = "webhook: {enabled: false}\n" + more;
  auto started = cluster_->StartOperator(
      "operator-" + std::to_string(++starts_), settings);
  if (!started) return Fail(std::move(started).error());
  operator_.emplace(*std::move(started));
  pid_ = operator_->pid();
  return {};
}

int FaultBed::StopOperator() {
  if (!operator_) return 0;
  const int code = operator_->Stop();
  operator_.reset();
  return code;
}

void FaultBed::Kill() { kill(pid_, SIGKILL); }

// What its last holder noted on it stays.
void FaultBed::DropLease() {
  HttpCall call = cluster_->kube().Prepare("PATCH", kLease);
  call.headers.back() = {"Content-Type", "application/merge-patch+json"};
  call.body = R"({"spec":{"holderIdentity":null}})";
  (void)SendHttp(call);
}

std::string FaultBed::LeaseNote(const std::string& name) {
  const auto answer = cluster_->kube().Call("GET", kLease);
  if (!answer || !answer->ok()) return "";
  return answer->Json()["metadata"]
      .value("annotations", json::object())
      .value("claviger.io/" + name, "");
}

bool FaultBed::Running() { return operator_ && operator_->Running(); }

std::string FaultBed::Log() const {
  return cluster_->LogOf("operator-" + std::to_string(starts_));
}

std::string FaultBed::ListenLine(const std::string& key) {
  const auto line = operator_->WaitForLine("\"listening\"", kPatience);
  if (!line) return "";
  return std::to_string(json::parse(*line).value(key, 0));
}

double FaultBed::Metric(const std::string& name, const std::string& label) {
  HttpCall call;
  call.url = "http://127.0.0.1:" + ListenLine("metrics_port") + "/metrics";
  const auto answer = SendHttp(call);
  if (!answer) return -1;
  std::istringstream lines(answer->body);
  double sum = -1;
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find_first_of(" {");
    if (line.substr(0, end) != name) continue;
    if (line.find(label) == std::string::npos) continue;
    sum = std::max(sum, 0.0) + std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

int FaultBed::Probe(const std::string& path) {
  HttpCall call;
  call.url = "http://127.0.0.1:" + ListenLine("health_port") + path;
  const auto answer = SendHttp(call);
  return answer ? answer->status : 0;
}

json FaultBed::Vault() {
  json all = json::object();
  const RealVault& vault = cluster_->vault();
  const auto list = [&](const std::string& path) {
    const auto answer = vault.Call("LIST", path);
    if (!answer || !answer->ok()) return json::array();
    return json::parse(answer->body)["data"]["keys"];
  };
  const auto data = [&](const std::string& path) -> json {
    const auto answer = vault.Call("GET", path);
    return answer && answer->ok() ? json::parse(answer->body)["data"] : json();
  };
  for (const std::string name : list("sys/policies/acl")) {
    if (name.rfind(kPrefix, 0) != 0) continue;
    all["policy " + name] = data("sys/policies/acl/" + name)["policy"];
  }
  for (const std::string name : list("auth/claviger/role")) {
    all["role " + name] = data("auth/claviger/role/" + name);
  }
  AddEntries("", all);
  return WithoutRun(all);
}

void FaultBed::AddEntries(const std::string& path, json& all) {
  const RealVault& vault = cluster_->vault();
  const auto answer = vault.Call("LIST", kEntries + path);
  if (!answer || !answer->ok()) return;
  const json listed = json::parse(answer->body);
  for (const std::string name : listed["data"]["keys"]) {
    if (name.back() == '/') {
      AddEntries(path + name, all);
      continue;
    }
    const auto entry = vault.Call("GET", "claviger/data/prod/" + path + name);
    json data = entry && entry->ok() ? json::parse(entry->body)["data"]["data"]
                                     : json("deleted, but not removed");
    all["entry " + path + name] = std::move(data);
  }
}

void FaultBed::EmptyVault() {
  const RealVault& vault = cluster_->vault();
  const json all = Vault();
  for (const auto& [name, value] : all.items()) {
    const size_t space = name.find(' ');
    const std::string kind = name.substr(0, space);
    const std::string rest = name.substr(space + 1);
    if (rest == "claviger.prod.operator") continue;
    const std::string path = kind == "policy" ? "sys/policies/acl/"
                             : kind == "role" ? "auth/claviger/role/"
                                              : kEntries;
    (void)vault.Call("DELETE", path + rest);
  }
}

std::string FaultBed::MakeReady() {
  Status done = cluster_->Apply(WarehouseYaml());
  if (done) done = cluster_->Apply(GrantYaml("nightly", "reports/nightly"));
  if (!done) return done.error().message;
  return AwaitGrant("nightly", "True/Ready");
}

std::string FaultBed::AwaitGrant(const std::string& name,
                                 const std::string& expected) {
  return cluster_->AwaitCondition("Grant", "sales", name, "Ready", expected);
}

bool FaultBed::Clear() {
  const std::string root = "/apis/claviger.io/v1alpha1/namespaces/sales/";
  for (const char* kind : {"grants", "connections"}) {
    (void)cluster_->kube().Call("DELETE", root + kind);
  }
  return ClusterBed::Await([&] {
    for (const char* kind : {"grants", "connections"}) {
      const auto left = cluster_->kube().Call("GET", root + kind);
      if (!left || !left->Json()["items"].empty()) return false;
    }
    return true;
  });
}

}  // namespace claviger::testing
