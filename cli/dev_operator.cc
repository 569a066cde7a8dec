// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_operator.h"

#include <utility>

namespace claviger::cli {
namespace {

op::LoopSettings Eager() {
  op::LoopSettings settings;
  settings.poll = std::chrono::milliseconds(200);
  return settings;
}

}  // namespace

DevOperator::DevOperator(const std::string& manifests,
                         op::ReconcilerSettings settings, op::Store& store,
                         Context& context, Listener listener)
    : source_(manifests),
      reconciler_(std::move(settings), store),
      loop_(source_, reconciler_, context.clock, context.random, context.log,
            Eager(),
            [this, listener = std::move(listener)](const op::PassReport& report,
                                                   std::chrono::milliseconds) {
              interrupted_ = report.interrupted;
              listener(report);
            }) {}

DevOperator::~DevOperator() {
  stop_.Stop();
  if (thread_.joinable()) thread_.join();
}

Status DevOperator::Start() {
  std::chrono::milliseconds wait = loop_.Turn();
  if (interrupted_) return Fail(*interrupted_, "reconcile");
  thread_ = std::thread([this, wait]() mutable {
    while (stop_.WaitFor(wait)) wait = loop_.Turn();
  });
  return {};
}

}  // namespace claviger::cli
