// SPDX-License-Identifier: Apache-2.0
//
// Pods that asked for the sidecar and run without it: how many there are, and
// an Event on each, once. Every replica counts; only the leader writes. Turn is
// one thread's and blocks; everything else is thread-safe and does not.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "kube/client.h"
#include "operator/inject/without_sidecar.h"

namespace claviger::op {

struct UninjectedPodsSettings {
  /// The MutatingWebhookConfiguration, which names the namespaces left out.
  std::string configuration = "claviger";
  std::string instance;  // who says so in Events: the pod's name
};

class UninjectedPods {
 public:
  /// By WithoutSidecar.
  using Counts = std::array<size_t, std::size(inject::kAllWithoutSidecar)>;

  /// All references outlive this object. `may_write` is asked before each
  /// Event; `wake` is called when Turn has something to do, on any thread.
  UninjectedPods(UninjectedPodsSettings settings, const kube::Client& client,
                 const Clock& clock, Logger& log,
                 std::function<bool()> may_write, std::function<void()> wake);

  /// What is known now of a labelled pod; nothing: it is as it should be.
  void Put(const kube::ObjectView& pod,
           std::optional<inject::WithoutSidecar> found);
  void Remove(const kube::ObjectName& pod);

  /// Looks up which namespaces are left out, and writes some Events. How long
  /// to wait before the next, unless woken.
  std::chrono::milliseconds Turn();

  Counts counts() const;

 private:
  struct Pod {
    std::string uid;
    std::string resource_version;
    inject::WithoutSidecar found = inject::WithoutSidecar::kNotInjected;
    bool announced = false;
  };
  using Pods = std::map<kube::ObjectName, Pod>;

  bool LookAtExclusions();
  Pods TakeUnannounced();
  Status Announce(const kube::ObjectName& name, const Pod& pod);

  const UninjectedPodsSettings settings_;
  const kube::Client& client_;
  const Clock& clock_;
  Logger& log_;
  const std::function<bool()> may_write_;
  const std::function<void()> wake_;
  // Turn's own.
  SteadyTime look_at_{};  // at the exclusions
  SteadyTime next_{};     // batch

  mutable std::mutex mutex_;  // guards what is below
  Pods pods_;
  std::set<std::string> excluded_;
};

}  // namespace claviger::op
