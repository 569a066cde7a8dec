// SPDX-License-Identifier: Apache-2.0
//
// The client of a stream of server-sent events: the port, and its libcurl
// adapter. Sleeps while nothing comes; ends when nothing at all comes for too
// long, when more comes than a stream of news should have, and when told to.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::http {

struct EventRequest {
  std::string url;          // "https://claviger-webhook.ns.svc:9444/v1/changes"
  std::string connect_to;   // "10.0.0.7:9444": there, whatever the URL names
  std::string authorities;  // PEM: whom to trust
  const Secret* bearer = nullptr;
  std::chrono::milliseconds connect_timeout{5'000};
  /// Comments count, too.
  std::chrono::milliseconds longest_silence{45'000};
  /// What may come within each minute.
  size_t max_bytes_a_minute = size_t{64} << 10U;
};

class EventSource {
 public:
  using OnEvent =
      std::function<void(std::string_view event, std::string_view data)>;

  virtual ~EventSource() = default;
  /// Blocks while the stream lasts; `on_event` is called on this thread. Why it
  /// ended: kUnauthenticated (401, or its certificate was refused),
  /// kRateLimited (429 and 503, with Retry-After), kTooLarge, kUnavailable for
  /// all else. One call at a time.
  virtual Error Run(const EventRequest& request, const OnEvent& on_event) = 0;
  /// Ends Run, the one under way and any later. Thread-safe.
  virtual void Stop() = 0;
};

std::unique_ptr<EventSource> MakeCurlEventSource();

}  // namespace claviger::http
