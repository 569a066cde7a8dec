// SPDX-License-Identifier: Apache-2.0
//
// claviger-sidecar: reads its configuration, builds the object graph and
// serves until SIGTERM or SIGINT.
#include <pthread.h>
#include <csignal>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/spdlog_logger.h"
#include "http/curl_client.h"
#include "sidecar/config.h"
#include "sidecar/decisions/line_sink.h"
#include "sidecar/files/store.h"
#include "sidecar/hardening.h"
#include "sidecar/proxy/address.h"
#include "sidecar/sidecar.h"
#include "sidecar/token_source.h"
#include "vault/http_api.h"
#include "vault/retrying_api.h"

namespace claviger::sidecar {
namespace {

using proxy::AddressRules;
using proxy::ParseAddressRange;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr size_t kMaxConfigBytes = size_t{1} << 20U;

int Complain(int code, const std::string& message) {
  std::fprintf(stderr, "claviger-sidecar: %s\n", message.c_str());
  return code;
}

// SIGTERM and SIGINT are waited for on a thread of their own; a broken pipe is
// an error of a write, not of the process.
sigset_t BlockSignals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return ends;
}

// The pause between two attempts at Vault, cut short when the process ends.
class Pause {
 public:
  bool Sleep(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return ended_; });
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
};

// One more attempt, soon: what lasts longer is the sidecar's own to wait for.
vault::RetrySettings OneRetry() {
  vault::RetrySettings settings;
  settings.backoff = {std::chrono::milliseconds(50),
                      std::chrono::milliseconds(500)};
  settings.max_attempts = 2;
  settings.max_retry_after = std::chrono::milliseconds(1'000);
  return settings;
}

// What is logged in with; null: nothing is needed.
TokenSource SecretSource(const Config& config) {
  if (config.settings.vault.login != LoginKind::kAppRole) {
    return MakeFileTokenSource(config.token_file);
  }
  if (config.secret_id_file.empty()) return nullptr;
  return MakeFileTokenSource(config.secret_id_file);
}

// Every pod is told where the API server is.
void RefuseApiServer(AddressRules& rules) {
  const char* const address = std::getenv("KUBERNETES_SERVICE_HOST");
  const auto range = ParseAddressRange(address == nullptr ? "" : address);
  if (range) rules.refused.push_back(*range);
}

int Serve(const Config& config) {
  const sigset_t ends = BlockSignals();
  const std::unique_ptr<Logger> log =
      MakeStderrLogger(config.log_level, "sidecar");
  Result<std::unique_ptr<http::Client>> client = http::MakeCurlClient(
      {.ca_file = config.vault_ca_file, .ca_pem = config.vault_ca});
  if (!client) return Complain(kFailed, client.error().message);
  Result<std::unique_ptr<vault::Api>> api = vault::MakeHttpApi(
      {config.vault_address, config.vault_namespace}, **client);
  if (!api) return Complain(kFailed, api.error().message);

  SystemClock clock;
  SystemRandom random;
  Pause pause;
  const std::unique_ptr<vault::Api> retrying = vault::MakeRetryingApi(
      **api, OneRetry(), random,
      [&pause](std::chrono::milliseconds time) { return pause.Sleep(time); },
      &clock);
  Result<std::unique_ptr<LineSink>> decisions =
      MakeLineSink(config.settings.decisions, *log);
  if (!decisions) return Complain(kFailed, decisions.error().message);
  const FileSettings& files = config.settings.files;
  const std::unique_ptr<files::Store> store = files::MakeVolumeStore(
      {files.directory, files.bindings_directory, files.mode});
  const bool told = !config.push_token_file.empty();
  const std::unique_ptr<push::Line> line = told ? push::MakeLine() : nullptr;
  Sidecar sidecar(
      config.settings,
      {*retrying, clock, random, *log, SecretSource(config), store.get(),
       client->get(), decisions->get(),
       MakeFileTokenSource(config.role_id_file), line.get(),
       told ? MakeFileTokenSource(config.push_token_file) : TokenSource()});
  const Status started = sidecar.Start();
  if (!started) return Complain(kFailed, started.error().message);
  log->Info("serving", {{"socket", config.settings.socket.path}});

  std::thread signals([&] {
    int signal = 0;
    sigwait(&ends, &signal);
    log->Info("stopping");
    pause.End();
    sidecar.Stop();
  });
  sidecar.Run();
  signals.join();
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "The per-pod process of Claviger: logs in to Vault as its pod's service "
      "account and serves the local API.");
  std::string file;
  CLI::Option* from_file =
      app.add_option("--config", file, "the configuration file (YAML)");
  std::string settings;
  app.add_option("--settings", settings,
                 "the configuration itself, as the injector writes it")
      ->excludes(from_file);
  Overrides overrides;
  app.add_option("--identity", overrides.identity,
                 "namespace/service account of this pod");
  app.add_option("--log-level", overrides.log_level,
                 "debug, info, warning or error");
  app.add_option("--files", overrides.files,
                 "files to keep: namespace/name=format, separated by commas");
  app.add_option("--files-mode", overrides.files_mode, "0400 or 0440");
  app.add_option("--files-notify", overrides.files_notify,
                 "whom to tell of changed files: port/path on 127.0.0.1");
  app.add_option("--tcp", overrides.tcp,
                 "also serve the local API on this port of 127.0.0.1");
  app.add_option("--listen", overrides.listen,
                 "listeners of connections: namespace/name=http or =postgres, "
                 "with :port for one on 127.0.0.1, separated by commas");
  app.set_version_flag("--version", CLAVIGER_VERSION);
  app.footer("Keys of the configuration file:\n" +
             model::SettingsHelp(ConfigKeys()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (const Status hard = HardenProcess(); !hard) {
    return Complain(kFailed, hard.error().message);
  }
  if (file.empty() == settings.empty()) {
    return Complain(kUsage, "give --config FILE or --settings TEXT");
  }
  if (!file.empty()) {
    Result<std::string> text = ReadFile(file, kMaxConfigBytes);
    if (!text) return Complain(kUsage, text.error().message);
    settings = *std::move(text);
  }
  Result<Config> config =
      ParseConfig(settings, file.empty() ? "--settings" : file, overrides);
  if (!config) return Complain(kUsage, config.error().message);
  RefuseApiServer(config->settings.proxy.addresses);
  return Serve(*config);
}

}  // namespace
}  // namespace claviger::sidecar

int main(int argc, char** argv) { return claviger::sidecar::Main(argc, argv); }
