// SPDX-License-Identifier: Apache-2.0
//
// One sidecar: logs in to Vault as its pod's service account, keeps that
// account's bindings and credentials fresh, and serves the local API. The
// claviger-sidecar process holds one; `claviger dev` several in one process.
// Start, then Run on a thread of the caller's; Stop from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/client.h"
#include "sidecar/decisions/line_sink.h"
#include "sidecar/files/store.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/push/line.h"
#include "sidecar/settings.h"
#include "vault/api.h"

namespace claviger::sidecar {

/// Gives the token to log in with; called at each login, on the sidecar's own
/// worker thread. For a pod it reads the projected file (token_source.h).
using TokenSource = std::function<Result<Secret>()>;

/// All must outlive the Sidecar and be thread-safe. `vault` retries what may be
/// retried by itself (retrying_api.h), or not at all.
struct Dependencies {
  vault::Api& vault;
  Clock& clock;
  Random& random;
  Logger& log;
  TokenSource token;
  /// Where wanted files go; null: none are wanted.
  files::Store* files = nullptr;
  /// Tells the application of changed files; null: nobody is told.
  http::Client* loopback = nullptr;
  /// Where the decision log goes; null: nowhere.
  LineSink* decisions = nullptr;
  /// Of an AppRole login, where `token` is the secret id.
  TokenSource role_id = {};
  /// By which the operator tells of changes, and the token for it; null: they
  /// are noticed by polling only.
  push::Line* push = nullptr;
  TokenSource push_token = nullptr;
};

class Sidecar {
 public:
  Sidecar(Settings settings, Dependencies dependencies);
  /// Stop and the end of Run come before.
  ~Sidecar();
  Sidecar(const Sidecar&) = delete;
  Sidecar& operator=(const Sidecar&) = delete;

  /// Opens the sockets; does not wait for Vault (until the first bindings are
  /// read, calls are answered 503). kInvalidArgument for settings that cannot
  /// be, as files elsewhere than in memory, kUnavailable or kPermissionDenied
  /// where it cannot listen.
  Status Start();

  /// Serves until Stop; blocks. Uses the calling thread for the local API and
  /// threads of its own (Vault, health, what is proxied). On return the token
  /// is revoked, as far as Vault could be reached.
  void Run();

  /// Begins the end: answers under way are finished for at most
  /// `intervals.drain`, then Run returns. Thread-safe; may come before Run.
  void Stop();

  /// The real ports once started, where they are configured.
  std::optional<uint16_t> tcp_port() const;
  std::optional<uint16_t> health_port() const;
  /// Of server-side-only connections, likewise.
  const std::vector<proxy::OpenListener>& listeners() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::sidecar
