// SPDX-License-Identifier: Apache-2.0
#include "bench/sidecar_bed.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "bench/unix_load.h"
#include "dev/embedded_vault.h"
#include "http/curl_client.h"
#include "model/manifests.h"
#include "operator/reconciler.h"
#include "operator/vault_store.h"
#include "vault/http_api.h"
#include "vault/sys.h"

namespace claviger::bench {
namespace {

constexpr std::string_view kAudience = "claviger-bench";

std::string NameOf(int connection) {
  return "warehouse-" + std::to_string(connection);
}

std::string Manifest(int connection) {
  const std::string name = NameOf(connection);
  return "---\napiVersion: claviger.io/v1alpha1\nkind: Connection\n"
         "metadata: {name: " +
         name +
         ", namespace: sales}\n"
         R"(spec:
  provider: postgresql
  endpoint: {host: dw.corp, port: 5432, database: dw}
  sharing: {mode: Organization}
  serverSideOnly: false
  secretReaders: Users
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/)" +
         name + "}}\n";
}

// A benchmark that cannot be set up has no figure to print.
template <typename T>
T Must(Result<T> result, const char* what) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench: %s: %s\n", what, result.error().message.c_str());
  std::exit(1);
}
void Must(const Status& status, const char* what) {
  if (status) return;
  std::fprintf(stderr, "bench: %s: %s\n", what, status.error().message.c_str());
  std::exit(1);
}

long FieldOf(const std::filesystem::path& status, const std::string& field) {
  std::ifstream file(status);
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(field, 0) == 0) {
      return std::strtol(line.c_str() + field.size() + 1, nullptr, 10);
    }
  }
  return -1;
}

long StatusField(pid_t pid, const std::string& field) {
  return FieldOf("/proc/" + std::to_string(pid) + "/status", field);
}

std::vector<std::filesystem::path> ThreadsOf(pid_t pid) {
  const std::filesystem::directory_iterator threads(
      "/proc/" + std::to_string(pid) + "/task");
  return {begin(threads), end(threads)};
}

bool CanConnect(const std::string& socket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const bool connected =
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

}  // namespace

struct SidecarBed::Vault {
  SystemClock clock;
  SystemRandom random;
  NullLogger log;
  std::unique_ptr<dev::EmbeddedVault> server;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<vault::Api> api;

  explicit Vault(int connections) {
    server = Must(dev::EmbeddedVault::Start({clock, random, log}),
                  "start the embedded Vault");
    client = Must(http::MakeCurlClient({}), "make a client");
    api = Must(vault::MakeHttpApi({server->address(), ""}, *client),
               "reach the embedded Vault");
    const Secret& root = server->root_token();
    Must(vault::EnableMount(*api, root, "claviger", {"kv", {{"version", "2"}}}),
         "mount claviger");
    Must(vault::EnableAuthMount(*api, root, "claviger", "kubernetes"),
         "mount auth/claviger");
    std::string manifests;
    for (int i = 0; i < connections; ++i) {
      manifests += Manifest(i);
      Must(server->PutKv("secret/sales/" + NameOf(i),
                         R"({"username":"reporting","password":"bench"})"),
           "store the credential");
    }
    TrustDevelopmentTokens();
    Reconcile(manifests);
  }

  // The embedded Vault knows its own issuer: any cluster address will do.
  void TrustDevelopmentTokens() {
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = "auth/claviger/config";
    call.body = R"({"kubernetes_host":"https://kubernetes.invalid"})";
    call.token = &server->root_token();
    const Result<vault::Answer> answer = api->Do(call);
    if (!answer) Must(Status(Fail(answer.error())), "configure auth/claviger");
  }

  void Reconcile(const std::string& manifests) {
    op::ReconcilerSettings settings;
    settings.layout.cluster = "bench";
    settings.layout.sidecar_audience = kAudience;
    settings.extra_accounts = {{"reports", "nightly"}};
    op::FixedToken token(server->root_token().Clone());
    op::VaultStore store(*api, token, settings.layout.mount);
    op::Reconciler reconciler(std::move(settings), store);
    reconciler.Pass(model::DecodeManifests(manifests, "manifests.yaml", false),
                    clock.Now());
  }

  Secret PodToken() {
    return Must(
        server->issuer().MintServiceAccountToken(
            "reports", "nightly", "uid-1", kAudience, std::chrono::hours(1)),
        "mint a token");
  }
};

SidecarBed::SidecarBed(int connections)
    : directory_(Must(testing::ScratchDirectory::Create(), "make a directory")),
      vault_(std::make_unique<Vault>(connections)),
      socket_(directory_.File("claviger.sock")) {
  const std::string token = Must(
      directory_.Write("token", vault_->PodToken().Reveal()), "write token");
  const std::string config = Must(
      directory_.Write("sidecar.yaml",
                       "cluster: bench\n"
                       "vault: {address: \"" +
                           vault_->server->address() +
                           "\"}\n"
                           "identity: {namespace: reports, serviceAccount: "
                           "nightly}\n"
                           "tokenFile: " +
                           token +
                           "\n"
                           "socket: {path: " +
                           socket_ +
                           "}\n"
                           "health: {address: 127.0.0.1, port: 0}\n"
                           "log: {level: info}\n"),
      "write the configuration");
  options_.argv = {CLAVIGER_SIDECAR_BINARY, "--config", config};
  options_.stderr_path = directory_.File("stderr");
  StartSidecar();
  for (int i = 0; i < connections; ++i) {
    (void)Ask(socket_, CredentialRequest(i));
  }
}

void SidecarBed::StartSidecar() {
  sidecar_ = std::make_unique<testing::Process>(
      Must(testing::Process::Start(options_), "start the sidecar"));
  AwaitCredential();
}

void SidecarBed::AwaitCredential() {
  const auto serves = [this] {
    return CanConnect(socket_) &&
           Ask(socket_, CredentialRequest()).find(" 200 ") != std::string::npos;
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    if (serves()) return;
    usleep(200);
  }
  std::fprintf(stderr, "bench: the sidecar serves no credential: %s\n",
               sidecar_->StderrTail().c_str());
  std::exit(1);
}

std::chrono::duration<double, std::milli> SidecarBed::Restart() {
  sidecar_->Stop();
  const auto began = std::chrono::steady_clock::now();
  StartSidecar();
  return std::chrono::steady_clock::now() - began;
}

SidecarBed::~SidecarBed() { sidecar_->Stop(); }

std::string SidecarBed::InScratch(const std::string& name) const {
  return directory_.File(name);
}

std::string SidecarBed::CredentialRequest(int connection) {
  return "GET /v1/connections/sales/" + NameOf(connection) +
         "/credential HTTP/1.1\r\nHost: claviger\r\n\r\n";
}

long SidecarBed::AnonymousKilobytes() const {
  return StatusField(sidecar_->pid(), "RssAnon");
}

long SidecarBed::ResidentKilobytes() const {
  return StatusField(sidecar_->pid(), "VmRSS");
}

long SidecarBed::WakeUps() const {
  long sum = 0;
  for (const auto& thread : ThreadsOf(sidecar_->pid())) {
    sum += FieldOf(thread / "status", "voluntary_ctxt_switches");
  }
  return sum;
}

// The first number of schedstat: nanoseconds on a core.
std::chrono::duration<double, std::milli> SidecarBed::CpuTime() const {
  double nanoseconds = 0;
  for (const auto& thread : ThreadsOf(sidecar_->pid())) {
    double ran = 0;
    std::ifstream(thread / "schedstat") >> ran;
    nanoseconds += ran;
  }
  return std::chrono::duration<double, std::milli>(nanoseconds / 1e6);
}

}  // namespace claviger::bench
