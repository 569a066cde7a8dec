// SPDX-License-Identifier: Apache-2.0
//
// Who is told of each session: the decision log and the metrics. No query, no
// password and no error text of a server is in a report. Called on the loop's
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "model/object.h"

namespace claviger::sidecar::proxy::pg {

struct SessionReport {
  model::ObjectRef connection;
  std::string slot;      // empty: none was chosen
  std::string database;  // empty: the user's own
  /// "ended", "revoked", "stopped", or the reason of the refusal.
  std::string outcome;
  std::string sqlstate;  // of a refusal
  uint64_t bytes_to_client = 0;
  uint64_t bytes_to_server = 0;
  std::chrono::milliseconds duration{0};
  bool opened = false;  // the login had succeeded
  // Of the decision.
  int64_t generation = 0;
  bool stale = false;
  bool degraded = false;
};

class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  virtual void OnOpened(const model::ObjectRef& connection) = 0;
  virtual void OnClosed(const SessionReport& report) = 0;
};

}  // namespace claviger::sidecar::proxy::pg
