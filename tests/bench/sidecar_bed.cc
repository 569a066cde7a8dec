// SPDX-License-Identifier: Apache-2.0
#include "bench/sidecar_bed.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "bench/unix_load.h"
#include "dev/embedded_vault.h"
#include "http/curl_client.h"
#include "model/manifests.h"
#include "operator/reconciler.h"
#include "operator/vault_store.h"
#include "support/await.h"
#include "vault/http_api.h"
#include "vault/sys.h"

namespace claviger::bench {
namespace {

constexpr std::string_view kAudience = "claviger-bench";

constexpr std::string_view kManifests = R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, port: 5432, database: dw}
  sharing: {mode: Organization}
  serverSideOnly: false
  secretReaders: Users
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse}}
)";

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

long StatusField(pid_t pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(field, 0) == 0) {
      return std::strtol(line.c_str() + field.size() + 1, nullptr, 10);
    }
  }
  return -1;
}

}  // namespace

struct SidecarBed::Vault {
  SystemClock clock;
  SystemRandom random;
  NullLogger log;
  std::unique_ptr<dev::EmbeddedVault> server;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<vault::Api> api;

  Vault() {
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
    Must(server->PutKv("secret/sales/warehouse",
                       R"({"username":"reporting","password":"bench"})"),
         "store the credential");
    TrustDevelopmentTokens();
    Reconcile();
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

  void Reconcile() {
    op::ReconcilerSettings settings;
    settings.layout.cluster = "bench";
    settings.layout.sidecar_audience = kAudience;
    settings.extra_accounts = {{"reports", "nightly"}};
    op::FixedToken token(server->root_token().Clone());
    op::VaultStore store(*api, token, settings.layout.mount);
    op::Reconciler reconciler(std::move(settings), store);
    reconciler.Pass(model::DecodeManifests(kManifests, "manifests.yaml", false),
                    clock.Now());
  }

  Secret PodToken() {
    return Must(
        server->issuer().MintServiceAccountToken(
            "reports", "nightly", "uid-1", kAudience, std::chrono::hours(1)),
        "mint a token");
  }
};

SidecarBed::SidecarBed()
    : directory_(Must(testing::ScratchDirectory::Create(), "make a directory")),
      vault_(std::make_unique<Vault>()),
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
  testing::ProcessOptions options;
  options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", config};
  options.stderr_path = directory_.File("stderr");
  sidecar_ = std::make_unique<testing::Process>(
      Must(testing::Process::Start(options), "start the sidecar"));
  Must(sidecar_->WaitForLine("serving", std::chrono::seconds(20)),
       "wait for the sidecar");
  const auto serves = [this] {
    return Ask(socket_, CredentialRequest()).find(" 200 ") != std::string::npos;
  };
  if (testing::Await(serves, std::chrono::seconds(20))) return;
  std::fprintf(stderr, "bench: the sidecar serves no credential: %s\n%s\n",
               sidecar_->StderrTail().c_str(),
               Ask(socket_, CredentialRequest()).c_str());
  std::exit(1);
}

SidecarBed::~SidecarBed() { sidecar_->Stop(); }

std::string SidecarBed::InScratch(const std::string& name) const {
  return directory_.File(name);
}

std::string SidecarBed::CredentialRequest() {
  return "GET /v1/connections/sales/warehouse/credential HTTP/1.1\r\n"
         "Host: claviger\r\n\r\n";
}

long SidecarBed::AnonymousKilobytes() const {
  return StatusField(sidecar_->pid(), "RssAnon");
}

long SidecarBed::ResidentKilobytes() const {
  return StatusField(sidecar_->pid(), "VmRSS");
}

}  // namespace claviger::bench
