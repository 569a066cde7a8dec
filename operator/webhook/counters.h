// SPDX-License-Identifier: Apache-2.0
//
// What the webhook counts, as Prometheus text (prometheus-cpp behind one file).
// Labels are of closed sets: kinds, operations and rules. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/time.h"
#include "operator/webhook/judge.h"

namespace claviger::op::webhook {

enum class Route { kValidate, kMutate };

/// What became of a new pod.
enum class Injected { kPatched, kUnchanged, kRefused, kMalformed };

class Counters {
 public:
  Counters();
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  /// One review that was answered; `rule` is kNone where it was allowed.
  void Count(Route route, const Review& review, Rule rule,
             std::chrono::microseconds took);
  /// One that could not be judged: no snapshot yet, or not a review at all.
  void CountUnjudged(bool malformed);
  /// One review of a new pod.
  void CountInjection(Injected result);
  /// Reviews that wait for a newer snapshot.
  void SetWaiting(size_t count);
  /// When the certificate that is served ends.
  void SetCertificateEnd(Time not_after);

  /// The text exposition format, to stand behind the operator's own.
  std::string Serialize() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace claviger::op::webhook
