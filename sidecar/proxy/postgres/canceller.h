// SPDX-License-Identifier: Apache-2.0
//
// Passes cancel requests on to the server that runs the session, a bounded
// number at a time and a second. Whoever asks hears nothing, whatever became
// of it; its connection is closed when the server has heard. Loop's thread
// only.
#pragma once

#include <list>
#include <memory>

#include "sidecar/proxy/postgres/cancel_keys.h"
#include "sidecar/proxy/postgres/upstream.h"

namespace claviger::sidecar::proxy::pg {

/// So many at once, and then so many a second.
class CancelPace {
 public:
  explicit CancelPace(const Clock& clock);
  bool May();

 private:
  const Clock& clock_;
  double allowance_;
  SteadyTime at_;
};

class Canceller {
 public:
  Canceller(Loop& loop, Dialer& dialer);
  ~Canceller();

  /// A client sent this: looks it up in `keys`, passes it on, and closes
  /// `client` in the end. Requests in vain count, so that guessing is slow.
  void Take(const CancelKeys& keys, uint32_t pid, std::string_view key,
            std::unique_ptr<Stream> client);

 private:
  class Job;
  void Remove(const Job* job);

  Loop& loop_;
  Dialer& dialer_;
  CancelPace pace_;
  std::list<std::shared_ptr<Job>> jobs_;
};

}  // namespace claviger::sidecar::proxy::pg
