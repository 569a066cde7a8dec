// SPDX-License-Identifier: Apache-2.0
//
// Where reviews of new pods are answered: POST /inject, by the injector and the
// newest snapshot. A pod that names a Connection which is not known yet is
// refused at once: who made the pod tries again, and its Event says why. Never
// blocks; thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"
#include "operator/inject/inject.h"
#include "operator/webhook/counters.h"
#include "operator/webhook/view.h"

namespace claviger::op::webhook {

inline constexpr std::string_view kInjectPath = "/inject";

class PodDesk {
 public:
  /// `view` is the newest, null before the first; the rest outlives the desk.
  PodDesk(inject::Settings settings,
          std::function<std::shared_ptr<const View>()> view, const Clock& clock,
          Logger& log, Counters& counters);

  void Handle(const http::ServerRequest& request,
              const std::shared_ptr<http::Responder>& responder) const;

  /// What the API server's version says.
  void SetNativeSidecars(bool known) {
    native_sidecars_ =
        known ? inject::NativeSidecars::kYes : inject::NativeSidecars::kNo;
  }
  bool NeedsVersion() const {
    return !settings_.image.empty() &&
           native_sidecars_ != inject::NativeSidecars::kYes;
  }

 private:
  const inject::Settings settings_;
  const std::function<std::shared_ptr<const View>()> view_;
  const Clock& clock_;
  Logger& log_;
  Counters& counters_;
  std::atomic<inject::NativeSidecars> native_sidecars_{
      inject::NativeSidecars::kUnknown};
};

}  // namespace claviger::op::webhook
