// SPDX-License-Identifier: Apache-2.0
//
// The pod's standing with Vault: logged in, and its bindings at hand. Polls for
// changes, keeps the last good bindings while Vault is away, and drops them
// when Vault says that the access is gone. view() and standing() are
// thread-safe; the rest is the worker thread's.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "sidecar/metrics.h"
#include "sidecar/session/documents.h"
#include "sidecar/session/token_keeper.h"
#include "sidecar/session/view.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

/// Where the pod stands with Vault.
struct Standing {
  enum class State {
    kStarting,  // nothing heard from Vault yet
    kServing,   // bindings at hand
    kRefused,   // Vault refuses the login, or its own bindings
  };
  State state = State::kStarting;
  /// Why Vault could not be asked when last tried, or what it refused.
  std::optional<Error> error;
  /// Since when it could not be asked; none: it was, when last tried.
  std::optional<SteadyTime> unheard_since;
};

class Session {
 public:
  using Listener = std::function<void(const ViewPtr&)>;

  /// All references outlive the session. `on_change` is called on the worker
  /// thread after each change of the view, `on_login` of the login.
  Session(const Settings& settings, const Dependencies& dependencies,
          Worker& worker, Metrics& metrics, Listener on_change,
          TokenKeeper::Listener on_login);

  /// Begins with the first login, on the worker thread. Thread-safe.
  void Begin();

  /// Null until Vault has said something (kStarting, or kRefused from the
  /// beginning).
  ViewPtr view() const;
  Standing standing() const;

  /// Runs `call` with the pod's token: Result<T>(const Secret&). A refusal is
  /// answered with at most one new login (TokenKeeper::ReplaceIfDead).
  template <typename T>
  Result<T> AsPod(const std::function<Result<T>(const Secret&)>& call);

  /// Compares the bindings with Vault's at once.
  void Check();

  /// Ends the login.
  void End();

 private:
  void Step();
  void Schedule();
  // Null: denied, so there is nothing in it for us.
  Result<std::optional<LoadedDocument>> Load(
      const access::Principal& principal,
      const std::optional<LoadedDocument>& previous);
  void Loaded(std::optional<LoadedDocument> own,
              std::optional<LoadedDocument> everyone);
  void Failed(const Error& error);
  void Refused(const Error& error);
  void Publish(std::vector<access::Binding> bindings, int64_t version_sum);
  void Stand(Standing standing);

  const Settings& settings_;
  const Dependencies& deps_;
  Worker& worker_;
  Metrics& metrics_;
  const Listener on_change_;
  TokenKeeper keeper_;

  std::optional<LoadedDocument> own_;
  std::optional<LoadedDocument> everyone_;
  std::string token_uid_;  // of the account, as view_ was made
  SteadyTime check_at_;
  int failed_checks_ = 0;  // since one succeeded
  Worker::TimerId timer_ = 0;

  mutable std::mutex mutex_;
  ViewPtr view_;       // under mutex_
  Standing standing_;  // under mutex_
};

template <typename T>
Result<T> Session::AsPod(const std::function<Result<T>(const Secret&)>& call) {
  Result<const Secret*> token = keeper_.Token();
  if (!token) return Fail(std::move(token.error()));
  Result<T> result = call(**token);
  if (result || result.error().code != ErrorCode::kPermissionDenied) {
    return result;
  }
  Result<bool> replaced = keeper_.ReplaceIfDead();
  if (!replaced) return Fail(std::move(replaced.error()));
  if (!*replaced) return result;
  token = keeper_.Token();
  if (!token) return Fail(std::move(token.error()));
  return call(**token);
}

}  // namespace claviger::sidecar
