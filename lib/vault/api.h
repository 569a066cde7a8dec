// SPDX-License-Identifier: Apache-2.0
//
// The port to Vault: one call, one answer. Everything Vault-specific (logins,
// KV, policies, roles) is written above this one method, and retries,
// counting and faults are decorators of it. Implementations are thread-safe
// and block up to the call's deadline.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::vault {

enum class Verb { kRead, kList, kWrite, kDelete };

struct Call {
  Verb verb = Verb::kRead;
  /// Below /v1/, without a leading slash: "secret/data/sales/dw". Checked
  /// segment by segment before it is sent (IsApiPath); a query never is part
  /// of it.
  std::string path;
  /// "version=3"; empty: none. Built by our own code only.
  std::string query;
  /// JSON object for kWrite; empty: no body. May hold a secret (a login's jwt).
  std::string body;
  /// Sent as X-Vault-Token; none for logins and health.
  const Secret* token = nullptr;
  std::chrono::milliseconds deadline{10'000};
  /// True where repeating after an unknown outcome is safe (reads, and writes
  /// that put the same whole object). Logins and leases are not.
  bool idempotent = true;
};

/// Vault's answer to a call that succeeded (2xx), or, whatever its status, to
/// sys/health.
struct Answer {
  int status = 0;
  std::string body;  // JSON text or empty; may hold a secret: wiped on drop

  Answer() = default;
  Answer(int status_code, std::string text)
      : status(status_code), body(std::move(text)) {}
  ~Answer() { WipeString(body); }
  Answer(Answer&&) = default;
  Answer& operator=(Answer&&) = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
};

class Api {
 public:
  virtual ~Api() = default;
  /// Errors are classified once, from status and transport (error.h); for a
  /// write that got no answer they say that its outcome is unknown. Never a
  /// response body in a message, but Vault's own `errors` for 400 (bounded,
  /// printable ASCII, and never for paths that carry secrets).
  virtual Result<Answer> Do(const Call& call) = 0;
};

}  // namespace claviger::vault
