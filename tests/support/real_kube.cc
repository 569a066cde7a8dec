// SPDX-License-Identifier: Apache-2.0

#include <nlohmann/json.hpp>
#include <utility>

#include "support/real_servers.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* kIssuer = "https://kubernetes.default.svc";

/// Waits until `call` is answered with 200 and the process lives.
Status WaitForOk(Process& process, HttpCall call, seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  call.timeout = seconds(5);
  std::string last = "no answer";
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto answer = SendHttp(call)) {
      if (answer->status == 200) {
        return {};
      }
      last = answer->body;
    }
    if (process.WaitForExit(std::chrono::milliseconds(50))) {
      return Fail(ErrorCode::kUnavailable,
                  "ended while starting: " + process.StderrTail());
    }
  }
  return Fail(ErrorCode::kDeadlineExceeded,
              call.url + ": " + last + "\n" + process.StderrTail());
}

Result<std::string> FindKubeApiServer() {
  const std::string path = Environment("CLAVIGER_TEST_KUBE_APISERVER");
  return path.empty() ? FindKubeProgram("kube-apiserver") : FindProgram(path);
}

Result<std::string> FindEtcd() {
  if (const std::string assets = Environment("KUBEBUILDER_ASSETS");
      !assets.empty()) {
    if (auto found = FindProgram(assets + "/etcd")) {
      return found;
    }
  }
  if (auto found = FindProgram("etcd")) {
    return found;
  }
  return Fail(ErrorCode::kUnsupported,
              "no etcd here (Debian: package etcd-server)");
}

Result<std::unique_ptr<Process>> LaunchEtcd(const ScratchDirectory& directory,
                                            const std::string& url) {
  auto program = FindEtcd();
  if (!program) {
    return Fail(program.error());
  }
  ProcessOptions options;
  options.argv = {*program,
                  "--data-dir=" + directory.File("data"),
                  "--listen-client-urls=" + url,
                  "--advertise-client-urls=" + url,
                  "--listen-peer-urls=http://127.0.0.1:0",
                  "--log-level=warn",
                  "--logger=zap"};
  options.stderr_path = directory.File("etcd.log");
  auto process = Process::Start(options);
  if (!process) {
    return Fail(process.error());
  }
  return std::make_unique<Process>(*std::move(process));
}

}  // namespace

Result<std::string> FindKubeProgram(const std::string& name) {
  if (const std::string assets = Environment("KUBEBUILDER_ASSETS");
      !assets.empty()) {
    if (auto found = FindProgram(assets + "/" + name)) {
      return found;
    }
  }
  for (const std::string& place : {name, CachedServer(name)}) {
    if (auto found = FindProgram(place)) {
      return found;
    }
  }
  return Fail(ErrorCode::kUnsupported,
              "no " + name + " here (tests/servers/build.sh builds one)");
}

RealEtcd::RealEtcd(ScratchDirectory directory, Process process, std::string url)
    : directory_(std::move(directory)),
      process_(std::move(process)),
      url_(std::move(url)) {}

Result<std::unique_ptr<RealEtcd>> RealEtcd::Start() {
  return RetryOnLostPort([]() -> Result<std::unique_ptr<RealEtcd>> {
    auto directory = ScratchDirectory::Create();
    auto port = FreePort();
    if (!directory || !port) {
      return Fail(directory ? port.error() : directory.error());
    }
    const std::string url = "http://127.0.0.1:" + std::to_string(*port);
    auto process = LaunchEtcd(*directory, url);
    if (!process) {
      return Fail(process.error());
    }
    HttpCall health;
    health.url = url + "/health";
    if (auto ready = WaitForOk(**process, health, seconds(60)); !ready) {
      return Fail(ready.error(), "etcd");
    }
    return std::unique_ptr<RealEtcd>(
        new RealEtcd(*std::move(directory), std::move(**process), url));
  });
}

/// What kube-apiserver reads.
struct RealKubeApiServer::Files {
  std::string ca;
  std::string serving_certificate;
  std::string serving_key;
  std::string token_private_key;
  std::string token_public_key;
  std::string admin_tokens;
  std::string kubelet_client_certificate;
  std::string kubelet_client_key;

  static Result<Files> Write(const ScratchDirectory& directory,
                             const CertificateAuthority& ca,
                             const SigningKey& token_key,
                             const std::string& admin_token,
                             const std::string& address) {
    // The second is where pods find it.
    auto serving = ca.Issue({"kube-apiserver",
                             {},
                             {"localhost", "kubernetes.default.svc"},
                             {"127.0.0.1", "10.96.0.1", address}});
    auto client = ca.Issue({"kube-apiserver", {"system:masters"}, {}, {}});
    if (!serving || !client) {
      return Fail(ErrorCode::kInternal, "cannot issue certificates");
    }
    Status failed;
    const auto put = [&](std::string_view name, const std::string& bytes) {
      auto path = directory.Write(name, bytes);
      if (!path) {
        failed = Fail(path.error());
        return std::string();
      }
      return *path;
    };
    Files files{put("ca.pem", ca.certificate_pem()),
                put("serving.pem", serving->certificate_pem),
                put("serving.key", serving->key_pem),
                put("tokens.key", token_key.private_pem),
                put("tokens.pub", token_key.public_pem),
                put("admin.csv",
                    admin_token + ",test-admin,test-admin,system:masters\n"),
                put("kubelet-client.pem", client->certificate_pem),
                put("kubelet-client.key", client->key_pem)};
    if (!failed) {
      return Fail(failed.error());
    }
    return files;
  }

  std::vector<std::string> Flags(const std::string& etcd_url,
                                 const std::string& address, uint16_t port,
                                 const std::string& directory) const {
    const bool loopback = address == "127.0.0.1";
    return {"--etcd-servers=" + etcd_url,
            "--bind-address=" + (loopback ? address : "0.0.0.0"),
            "--advertise-address=" + address,
            std::string("--endpoint-reconciler-type=") +
                (loopback ? "none" : "lease"),
            "--secure-port=" + std::to_string(port),
            "--cert-dir=" + directory,
            "--tls-cert-file=" + serving_certificate,
            "--tls-private-key-file=" + serving_key,
            "--client-ca-file=" + ca,
            "--kubelet-certificate-authority=" + ca,
            "--kubelet-client-certificate=" + kubelet_client_certificate,
            "--kubelet-client-key=" + kubelet_client_key,
            "--kubelet-preferred-address-types=InternalIP",
            "--token-auth-file=" + admin_tokens,
            std::string("--service-account-issuer=") + kIssuer,
            "--service-account-signing-key-file=" + token_private_key,
            "--service-account-key-file=" + token_public_key,
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--profiling=false"};
  }
};

RealKubeApiServer::RealKubeApiServer(std::unique_ptr<RealEtcd> etcd,
                                     ScratchDirectory directory,
                                     CertificateAuthority ca,
                                     SigningKey token_key, Process process)
    : etcd_(std::move(etcd)),
      directory_(std::move(directory)),
      ca_(std::move(ca)),
      token_key_(std::move(token_key)),
      issuer_(kIssuer),
      process_(std::move(process)) {}

Result<std::unique_ptr<RealKubeApiServer>> RealKubeApiServer::Start(
    const KubeOptions& options) {
  auto program = FindKubeApiServer();
  if (!program) {
    return Fail(program.error());
  }
  return RetryOnLostPort([&] { return StartOnce(*program, options); });
}

Result<std::unique_ptr<RealKubeApiServer>> RealKubeApiServer::StartOnce(
    const std::string& program, const KubeOptions& options) {
  auto etcd = RealEtcd::Start();
  auto directory = ScratchDirectory::Create();
  auto ca = CertificateAuthority::Create("claviger test cluster");
  auto token_key = MakeSigningKey();
  auto port = FreePort();
  if (!etcd) {
    return Fail(etcd.error());
  }
  if (!directory || !ca || !token_key || !port) {
    return Fail(ErrorCode::kInternal, "cannot prepare kube-apiserver");
  }
  const std::string admin_token = RandomPassword();
  auto files =
      Files::Write(*directory, *ca, *token_key, admin_token, options.address);
  if (!files) {
    return Fail(files.error());
  }
  ProcessOptions process_options;
  process_options.argv = {program};
  for (const auto& flags :
       {files->Flags((*etcd)->url(), options.address, *port, directory->path()),
        options.flags}) {
    process_options.argv.insert(process_options.argv.end(), flags.begin(),
                                flags.end());
  }
  process_options.stderr_path = directory->File("kube-apiserver.log");
  auto process = Process::Start(process_options);
  if (!process) {
    return Fail(process.error());
  }
  std::unique_ptr<RealKubeApiServer> server(new RealKubeApiServer(
      *std::move(etcd), *std::move(directory), *std::move(ca),
      *std::move(token_key), *std::move(process)));
  server->url_ = "https://" + options.address + ":" + std::to_string(*port);
  server->ca_path_ = files->ca;
  server->token_key_path_ = files->token_private_key;
  server->admin_token_ = admin_token;
  auto ready = WaitForOk(server->process_, server->Prepare("GET", "/readyz"),
                         seconds(120));
  if (!ready) {
    return Fail(ready.error(), "kube-apiserver");
  }
  return server;
}

Result<IssuedCertificate> RealKubeApiServer::IssueServerCertificate(
    const std::string& name, const std::string& address) const {
  return ca_.Issue({.common_name = name,
                    .organizations = {},
                    .dns_names = {name},
                    .ip_addresses = {address}});
}

Result<IssuedCertificate> RealKubeApiServer::IssueClientCertificate(
    const std::string& user, const std::vector<std::string>& groups) const {
  return ca_.Issue({.common_name = user,
                    .organizations = groups,
                    .dns_names = {},
                    .ip_addresses = {}});
}

HttpCall RealKubeApiServer::Prepare(std::string_view method,
                                    std::string_view path) const {
  HttpCall call;
  call.method = method;
  call.url = url_ + std::string(path);
  call.ca_file = ca_path_;
  call.headers = {{"Authorization", "Bearer " + admin_token_},
                  {"Content-Type", "application/json"}};
  return call;
}

Result<HttpAnswer> RealKubeApiServer::Call(std::string_view method,
                                           std::string_view path,
                                           const std::string& body) const {
  HttpCall call = Prepare(method, path);
  call.body = body;
  return SendHttp(call);
}

Status RealKubeApiServer::CreateIfMissing(const std::string& collection,
                                          const std::string& body) const {
  auto answer = Call("POST", collection, body);
  if (!answer) {
    return Fail(answer.error());
  }
  if (!answer->ok() && answer->status != 409) {
    return Fail(ErrorCode::kInternal, collection + ": " + answer->body);
  }
  return {};
}

Status RealKubeApiServer::CreateNamespace(const std::string& name) const {
  return CreateIfMissing("/api/v1/namespaces",
                         json{{"metadata", {{"name", name}}}}.dump());
}

Status RealKubeApiServer::CreateServiceAccount(const std::string& name_space,
                                               const std::string& name) const {
  return CreateIfMissing(
      "/api/v1/namespaces/" + name_space + "/serviceaccounts",
      json{{"metadata", {{"name", name}}}}.dump());
}

Status RealKubeApiServer::BindClusterRole(const std::string& cluster_role,
                                          const std::string& name_space,
                                          const std::string& name) const {
  json subject{
      {"kind", "ServiceAccount"}, {"namespace", name_space}, {"name", name}};
  json binding;
  binding["metadata"]["name"] = cluster_role + "-" + name_space + "-" + name;
  binding["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"},
                        {"kind", "ClusterRole"},
                        {"name", cluster_role}};
  binding["subjects"].push_back(std::move(subject));
  return CreateIfMissing(
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding.dump());
}

Result<std::string> RealKubeApiServer::RequestToken(
    const std::string& name_space, const std::string& service_account,
    const std::vector<std::string>& audiences, seconds lifetime) const {
  json wish;
  wish["spec"]["expirationSeconds"] = lifetime.count();
  if (!audiences.empty()) {
    wish["spec"]["audiences"] = audiences;
  }
  HttpCall call =
      Prepare("POST", "/api/v1/namespaces/" + name_space + "/serviceaccounts/" +
                          service_account + "/token");
  call.body = wish.dump();
  auto answer = SendHttpOk(call);
  if (!answer) {
    return Fail(answer.error());
  }
  return answer->Json()["status"]["token"].get<std::string>();
}

}  // namespace claviger::testing
