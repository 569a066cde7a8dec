// SPDX-License-Identifier: Apache-2.0
//
// Tells the application that files changed: one POST on loopback for all
// changes of a second, tried again a few times where nobody answers with 2xx.
// It names files, and holds no secret. Worker thread only; a call blocks it for
// at most half a second, and calls are seconds apart.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "providers/file_formats.h"
#include "sidecar/worker.h"

namespace claviger::sidecar::files {

class Notifier {
 public:
  /// All outlive the object; `client` may be null where there is no notice.
  Notifier(const std::optional<providers::FileNotice>& notice,
           const Clock& clock, Logger& log, Worker& worker,
           http::Client* client)
      : notice_(client == nullptr ? std::nullopt : notice),
        clock_(clock),
        log_(log),
        worker_(worker),
        client_(client) {}

  void OnChange(const providers::FileWish& wish);

 private:
  void Arm();
  void Send();

  const std::optional<providers::FileNotice> notice_;
  const Clock& clock_;
  Logger& log_;
  Worker& worker_;
  http::Client* const client_;
  std::set<std::string> changed_;
  int failures_ = 0;
  Worker::TimerId timer_ = 0;
};

}  // namespace claviger::sidecar::files
