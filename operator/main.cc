// SPDX-License-Identifier: Apache-2.0
//
// claviger-operator: reads its configuration, builds the object graph and
// reconciles until SIGTERM or SIGINT.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/digest.h"
#include "base/process.h"
#include "base/random.h"
#include "base/spdlog_logger.h"
#include "http/curl_client.h"
#include "kube/cpprest_transport.h"
#include "kube/kubeconfig.h"
#include "operator/config.h"
#include "operator/health.h"
#include "operator/kube/uninstall.h"
#include "operator/metrics.h"
#include "operator/process/cluster_mode.h"
#include "operator/process/injection.h"
#include "operator/process/manifest_mode.h"
#include "operator/process/pages.h"
#include "operator/process/parts.h"
#include "operator/process/signals.h"
#include "operator/stop_signal.h"
#include "vault/http_api.h"
#include "vault/retrying_api.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Complain(int code, const std::string& message) {
  std::fprintf(stderr, "claviger-operator: %s\n", message.c_str());
  return code;
}

constexpr char kServiceAccount[] =
    "/var/run/secrets/kubernetes.io/serviceaccount";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<kube::Cluster> FindCluster(const Config& config) {
  if (!config.kubeconfig.empty()) {
    return kube::ReadKubeconfig(config.kubeconfig);
  }
  Result<kube::Cluster> pod =
      kube::InCluster(kServiceAccount, Environment("KUBERNETES_SERVICE_HOST"),
                      Environment("KUBERNETES_SERVICE_PORT"));
  if (pod) return pod;
  return Fail(pod.error(),
              "find the API server (outside a cluster give --kubeconfig FILE, "
              "or --manifests DIR to do without)");
}

// This process and no other, ever.
std::string InstanceName(Random& random) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return std::string(host[0] == '\0' ? "operator" : host.data()) + "-" +
         Sha256Hex(random.Bytes(16)).substr(0, 8);
}

Status Run(const Parts& parts) {
  const Config& config = parts.config;
  if (!config.manifests.empty()) return RunOnManifests(parts);
  const auto transport = [&]() -> Result<std::unique_ptr<kube::Transport>> {
    Result<kube::Cluster> cluster = FindCluster(config);
    if (!cluster) return Fail(cluster.error());
    return kube::MakeCpprestTransport(*std::move(cluster), parts.clock);
  };
  const auto objects = transport();
  if (!objects) return Fail(objects.error());
  const auto lease = transport();
  if (!lease) return Fail(lease.error());
  return RunOnCluster(parts, {**objects, **lease, InstanceName(parts.random),
                              Environment("CLAVIGER_POD_IP")});
}

int Serve(const Config& config) {
  Signals signals;
  const std::unique_ptr<Logger> log =
      MakeStderrLogger(config.log_level, "operator");
  Result<std::unique_ptr<http::Client>> client =
      http::MakeCurlClient({.ca_file = config.vault_ca_file});
  if (!client) return Complain(kFailed, client.error().message);
  Result<std::unique_ptr<vault::Api>> api = vault::MakeHttpApi(
      {config.vault_address, config.vault_namespace}, **client);
  if (!api) return Complain(kFailed, api.error().message);

  StopSignal stop;
  SystemClock clock;
  SystemRandom random;
  const std::unique_ptr<vault::Api> retrying = vault::MakeRetryingApi(
      **api, {}, random,
      [&stop](milliseconds time) { return stop.SleepFor(time); }, &clock);
  Metrics metrics;
  Health health(metrics);
  Pages pages(health, *log);
  const Status listening = pages.Listen(config);
  if (!listening) return Complain(kFailed, listening.error().message);

  signals.Start(stop, *log);
  const Status done =
      Run({config, *retrying, clock, random, *log, stop, health, metrics});
  signals.End();
  return done ? 0 : Complain(kFailed, done.error().message);
}

// Needs neither Vault nor a port: it runs beside the operator.
int LeaveCluster(const Config& config) {
  Signals signals;
  const std::unique_ptr<Logger> log =
      MakeStderrLogger(config.log_level, "uninstall");
  Result<kube::Cluster> cluster = FindCluster(config);
  if (!cluster) return Complain(kFailed, cluster.error().message);
  StopSignal stop;
  SystemClock clock;
  SystemRandom random;
  const auto transport = kube::MakeCpprestTransport(*std::move(cluster), clock);
  if (!transport) return Complain(kFailed, transport.error().message);
  const kube::Client client(**transport);
  signals.Start(stop, *log);
  const Result<UninstallReport> done = Uninstall(
      client, {{config.own_namespace, config.lease}, InstanceName(random)},
      clock, *log, [&stop](milliseconds time) { return stop.SleepFor(time); });
  signals.End();
  if (!done) return Complain(kFailed, done.error().message);
  log->Info("finalizers are off all objects",
            {{"released", static_cast<int64_t>(done->released)},
             {"unrevoked", static_cast<int64_t>(done->unrevoked)}});
  return 0;
}

int PrintSidecarSettings(const Config& config) {
  if (config.injection.image.empty()) {
    return Complain(kUsage, "injection.image is not set: nothing is injected");
  }
  const Result<inject::Settings> injection = InjectionOf(config);
  if (!injection) return Complain(kUsage, injection.error().message);
  std::printf("%s\n", injection->sidecar_text.c_str());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "The operator of Claviger: writes to Vault what Connections, Grants and "
      "Groups say.");
  std::string file;
  std::string manifests;
  app.add_option("--config", file, "the configuration file (YAML)")->required();
  app.add_option("--manifests", manifests,
                 "file or directory with the manifests, instead of the "
                 "Kubernetes API");
  std::string kubeconfig;
  app.add_option("--kubeconfig", kubeconfig,
                 "kubeconfig file; not given: the pod's service account");
  bool uninstall = false;
  app.add_flag("--uninstall", uninstall,
               "take the finalizers off all objects, let no operator lead for "
               "two minutes, and end");
  bool print_settings = false;
  app.add_flag("--print-sidecar-settings", print_settings,
               "print what injected sidecars are told, for the guard, and end");
  app.set_version_flag("--version", CLAVIGER_VERSION);
  app.footer("Keys of the configuration file:\n" +
             model::SettingsHelp(ConfigKeys()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (const Status hard = ForbidCoreDumps(); !hard) {
    return Complain(kFailed, hard.error().message);
  }
  AllowManyFiles();
  Result<Config> config = LoadConfig(file);
  if (!config) return Complain(kUsage, config.error().message);
  if (!manifests.empty()) config->manifests = manifests;
  if (!kubeconfig.empty()) config->kubeconfig = kubeconfig;
  if (uninstall) return LeaveCluster(*config);
  return print_settings ? PrintSidecarSettings(*config) : Serve(*config);
}

}  // namespace
}  // namespace claviger::op

int main(int argc, char** argv) { return claviger::op::Main(argc, argv); }
