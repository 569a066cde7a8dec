// SPDX-License-Identifier: Apache-2.0
//
// What a sidecar counts, as Prometheus text (prometheus-cpp behind one file).
// Labels take their values from closed sets only: nothing that a user or a
// manifest can write becomes one. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace claviger::sidecar {

enum class Route {
  kList,
  kConnection,
  kCredential,
  kAws,
  kExplain,
  kReportFailed,
  kTest,
  kPersonal,
  kHttp,
  kWatch,
  kOther,
};
std::string_view ToString(Route route);  // "list", "connection", ...

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// One answer of the local API.
  void CountRequest(Route route, int status);
  /// One attempt to log in or to renew; no error: it succeeded. `who` is "pod"
  /// or "user".
  void CountLogin(std::string_view who, const std::optional<ErrorCode>& error);
  void CountRenewal(const std::optional<ErrorCode>& error);
  /// One attempt to prolong a credential's lease.
  void CountLeaseRenewal(const std::optional<ErrorCode>& error);
  /// One read of a credential from Vault.
  void CountRead(const std::optional<ErrorCode>& error);

  /// Calls that lines of the decision log stand for: "written" or "left_out".
  void CountDecisions(std::string_view result, int64_t count);
  /// One request that was sent on for the application, or refused there.
  void CountProxied(int status, uint64_t bytes_in, uint64_t bytes_out,
                    std::chrono::milliseconds took);
  /// One database session that has ended, or was refused.
  void CountSession(bool opened, uint64_t bytes_in, uint64_t bytes_out,
                    std::chrono::milliseconds took);
  void SetSessions(size_t open);

  /// What came of the line by which the operator tells of changes: "news" that
  /// led to a look, or "ended".
  void CountPush(std::string_view what);

  void SetBindings(int64_t generation, size_t connections);
  /// When bindings were last compared with Vault's with success.
  void SetBindingsChecked(Time when);
  void SetCredentials(size_t fresh, size_t stale);
  /// When the login ends if it is not renewed.
  void SetLoginEnds(Time when);
  void SetWatchers(size_t count);
  void SetUserSessions(size_t count);

  /// The text exposition format.
  std::string Serialize() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace claviger::sidecar
