// SPDX-License-Identifier: Apache-2.0
//
// The record of who was given which credential and who was refused what, in
// the log: with the reason that an answer may not tell (WorkloadNotAllowed),
// without any secret, and never faster than a bound, since callers decide how
// often they ask. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "access/bindings_document.h"
#include "access/decision.h"
#include "base/clock.h"
#include "base/log.h"
#include "sidecar/api/call.h"
#include "sidecar/session/view.h"

namespace claviger::sidecar {

class Audit {
 public:
  /// Both outlive the object.
  Audit(const Clock& clock, Logger& log);

  /// A credential was handed out for the first time in this form.
  void Given(const View& view, const Call& call, std::string_view slot);
  /// The answer to `call` is `reason`; `question` is what was decided.
  void Refused(const View& view, const Call& call,
               const access::Question& question, std::string_view reason);

 private:
  // Whether one more line may be written now.
  bool May();

  const Clock& clock_;
  Logger& log_;
  std::mutex mutex_;
  double allowance_;
  SteadyTime allowance_at_;
  int64_t left_out_ = 0;
};

}  // namespace claviger::sidecar
