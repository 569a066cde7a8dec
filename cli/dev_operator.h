// SPDX-License-Identifier: Apache-2.0
//
// The operator's part of a development run: its loop on manifest files, in a
// thread of its own, looking for changes a few times a second. Start and
// destruction belong to one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "cli/context.h"
#include "operator/loop.h"
#include "operator/manifest_source.h"
#include "operator/reconciler.h"
#include "operator/stop_signal.h"

namespace claviger::cli {

class DevOperator {
 public:
  /// Told after each pass; called on Start's thread for the first one, and on
  /// the operator's own from then on.
  using Listener = std::function<void(const op::PassReport&)>;

  /// All references outlive this object.
  DevOperator(const std::string& manifests, op::ReconcilerSettings settings,
              op::Store& store, Context& context, Listener listener);
  /// Ends the thread after the pass under way.
  ~DevOperator();
  DevOperator(const DevOperator&) = delete;
  DevOperator& operator=(const DevOperator&) = delete;

  /// Makes the first pass, then goes on in the background. Errors where Vault
  /// does not answer.
  Status Start();

 private:
  op::ManifestSource source_;
  op::Reconciler reconciler_;
  op::Loop loop_;
  op::StopSignal stop_;
  std::optional<Error> interrupted_;  // of the last pass
  std::thread thread_;
};

}  // namespace claviger::cli
