// SPDX-License-Identifier: Apache-2.0
//
// How often connections are tested: callers decide how often they ask, and a
// server may lock a user out who fails too often. Who asks for what is being
// tested already is told how that ends. Thread-safe; never blocks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "sidecar/personal/allowance.h"
#include "sidecar/probe/probe.h"

namespace claviger::sidecar::probe {

class Desk {
 public:
  using Done = std::function<void(const Report&)>;

  explicit Desk(const Clock& clock) : clock_(clock) {}

  /// False: too often, or too much at once; `done` is not called. Else it is,
  /// once, on whichever thread. `probe` and the desk outlive the call to it.
  bool Ask(Probe& probe, proxy::Permit permit, proxy::Fields fields, Done done);

  static constexpr std::chrono::seconds kPause{10};

 private:
  // The same connection, slot and secret.
  using Key =
      std::tuple<model::ObjectRef, std::string, const void*, const void*>;
  // Keeps what the key points to where it is.
  struct UnderWay {
    std::shared_ptr<const access::ConnectionFacts> facts;
    std::shared_ptr<const Credential> credential;
    std::vector<Done> waiting;
  };
  void OnEnd(const Key& key, const Report& report);

  static constexpr size_t kMaxUnderWay = 4;

  const Clock& clock_;
  Allowance allowance_{3, kPause};
  std::mutex mutex_;
  std::map<Key, UnderWay> under_way_;
};

}  // namespace claviger::sidecar::probe
