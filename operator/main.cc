// SPDX-License-Identifier: Apache-2.0
//
// claviger-operator: reads its configuration, builds the object graph and
// reconciles until SIGTERM or SIGINT.
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/process.h"
#include "base/random.h"
#include "base/spdlog_logger.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "operator/cluster_claim.h"
#include "operator/config.h"
#include "operator/health.h"
#include "operator/loop.h"
#include "operator/manifest_source.h"
#include "operator/metrics.h"
#include "operator/stop_signal.h"
#include "operator/vault_session.h"
#include "operator/vault_store.h"
#include "vault/http_api.h"
#include "vault/retrying_api.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr milliseconds kDrain{2'000};

int Complain(int code, const std::string& message) {
  std::fprintf(stderr, "claviger-operator: %s\n", message.c_str());
  return code;
}

/// SIGTERM and SIGINT, waited for on a thread of their own; a broken pipe is an
/// error of a write, not of the process. Construct it before other threads are
/// started: they inherit the mask.
class Signals {
 public:
  Signals() {
    sigemptyset(&waited_for_);
    for (const int signal : {SIGTERM, SIGINT, kWake}) {
      sigaddset(&waited_for_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &waited_for_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Signals() { End(); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Ends the waiting; before what Start was given goes.
  void End() {
    if (!thread_.joinable()) return;
    ending_ = true;
    pthread_kill(thread_.native_handle(), kWake);
    thread_.join();
  }
  void Start(StopSignal& stop, Logger& log) {
    thread_ = std::thread([this, &stop, &log] {
      int signal = kWake;
      while (signal == kWake && !ending_) sigwait(&waited_for_, &signal);
      if (signal == kWake) return;
      log.Info("stopping");
      stop.Stop();
    });
  }

 private:
  static constexpr int kWake = SIGUSR1;

  sigset_t waited_for_ = {};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

/// The pages of probes and Prometheus, on a thread of their own.
class Pages {
 public:
  Pages(const Health& health, Logger& log)
      : health_(health), log_(log), server_(http::MakeServer({}, log)) {}
  ~Pages() {
    server_->Stop(kDrain);
    if (thread_.joinable()) thread_.join();
  }

  Status Listen(const Config& config) {
    const Health& health = health_;
    const auto probes = server_->ListenTcp(
        config.health.address, config.health.port,
        [&health](const http::ServerRequest& request,
                  const std::shared_ptr<http::Responder>& responder) {
          responder->Send(health.ProbeAnswer(request));
        });
    if (!probes) return Fail(probes.error());
    const auto metrics = server_->ListenTcp(
        config.metrics.address, config.metrics.port,
        [&health](const http::ServerRequest& request,
                  const std::shared_ptr<http::Responder>& responder) {
          responder->Send(health.MetricsAnswer(request));
        });
    if (!metrics) return Fail(metrics.error());
    log_.Info("listening",
              {{"health_port", *probes}, {"metrics_port", *metrics}});
    thread_ = std::thread([this] { server_->Run(); });
    return {};
  }

 private:
  const Health& health_;
  Logger& log_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

/// Waits until the name is ours; false when the process is to end, an error
/// where another cluster has it.
Result<bool> Claim(const Config& config, Store& store, StopSignal& stop,
                   Logger& log) {
  if (config.cluster_uid.empty()) {
    log.Warning(
        "clusterUid is not set: a second cluster of this name would not be "
        "noticed");
    return true;
  }
  constexpr milliseconds kPause{5'000};
  while (true) {
    const Status claimed =
        ClaimCluster(store, config.layout.cluster, config.cluster_uid);
    if (claimed) return true;
    if (claimed.error().code == ErrorCode::kConflict) {
      return Fail(claimed.error());
    }
    log.Warning("cluster name not claimed yet",
                {{"error", claimed.error().message}});
    if (!stop.WaitFor(kPause)) return false;
  }
}

int Reconcile(const Config& config, vault::Api& api, StopSignal& stop,
              Health& health, Metrics& metrics, Logger& log) {
  SystemClock clock;
  SystemRandom random;
  VaultSession session(api,
                       {.mount = config.layout.auth_mount,
                        .role = config.login_role,
                        .token_file = config.token_file,
                        .vault_token_file = config.vault_token_file},
                       clock, random, log);
  VaultStore store(api, session, config.layout.mount);
  const Result<bool> claimed = Claim(config, store, stop, log);
  if (!claimed) return Complain(kFailed, claimed.error().message);
  if (*claimed) {
    ManifestSource source(config.manifests);
    Reconciler reconciler(ReconcilerSettingsOf(config), store);
    Loop loop(source, reconciler, clock, random, log,
              {.poll = config.poll, .drift_round = config.drift_round},
              [&](const PassReport& report, milliseconds took) {
                metrics.Count(report, took, clock.Now());
                health.Saw(report);
              });
    log.Info("reconciling", {{"manifests", config.manifests}});
    while (stop.WaitFor(loop.Turn())) {
    }
  }
  session.Close();
  return 0;
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
      [&stop](milliseconds time) { return stop.WaitFor(time); }, &clock);
  Metrics metrics;
  Health health(metrics);
  Pages pages(health, *log);
  const Status listening = pages.Listen(config);
  if (!listening) return Complain(kFailed, listening.error().message);

  signals.Start(stop, *log);
  const int code = Reconcile(config, *retrying, stop, health, metrics, *log);
  signals.End();
  return code;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "The operator of Claviger: writes to Vault what Connections, Grants and "
      "Groups say.");
  std::string file;
  std::string manifests;
  app.add_option("--config", file, "the configuration file (YAML)")->required();
  app.add_option("--manifests", manifests,
                 "file or directory with the manifests");
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
  Result<Config> config = LoadConfig(file);
  if (!config) return Complain(kUsage, config.error().message);
  if (!manifests.empty()) config->manifests = manifests;
  if (config->manifests.empty()) {
    return Complain(kUsage,
                    "nothing to read: give --manifests DIR, or the key "
                    "manifests in the configuration");
  }
  return Serve(*config);
}

}  // namespace
}  // namespace claviger::op

int main(int argc, char** argv) { return claviger::op::Main(argc, argv); }
