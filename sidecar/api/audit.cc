// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/audit.h"

#include <algorithm>
#include <string>
#include <vector>

namespace claviger::sidecar {
namespace {

constexpr double kBurst = 50;
constexpr double kPerSecond = 5;

// What is no name at all is not repeated into the log.
std::string NameOf(const Call& call) {
  return call.possible ? model::ToString(call.connection) : "(no name)";
}

}  // namespace

Audit::Audit(const Clock& clock, Logger& log)
    : clock_(clock),
      log_(log),
      allowance_(kBurst),
      allowance_at_(clock.SteadyNow()) {}

bool Audit::May() {
  const SteadyTime now = clock_.SteadyNow();
  int64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    const double passed =
        static_cast<double>((now - allowance_at_).count()) / 1000.0;
    allowance_ = std::min(kBurst, allowance_ + passed * kPerSecond);
    allowance_at_ = now;
    if (allowance_ < 1) {
      ++left_out_;
      return false;
    }
    allowance_ -= 1;
    std::swap(left_out, left_out_);
  }
  if (left_out > 0) log_.Info("audit lines left out", {{"count", left_out}});
  return true;
}

void Audit::Given(const View& view, const Call& call, std::string_view slot) {
  if (!May()) return;
  log_.Info("credential given", {{"connection", NameOf(call)},
                                 {"caller", access::ToString(view.caller)},
                                 {"slot", slot},
                                 {"generation", view.generation}});
}

void Audit::Refused(const View& view, const Call& call,
                    const access::Question& question, std::string_view reason) {
  if (!May()) return;
  std::vector<access::Step> steps;
  (void)access::Decide(access::FindBinding(view.bindings, call.connection),
                       question, clock_.Now(), &steps);
  log_.Info("credential refused",
            {{"connection", NameOf(call)},
             {"caller", access::ToString(view.caller)},
             {"carrier", model::ToString(view.carrier)},
             {"reason", reason},
             {"why", steps.empty() ? "unknown here" : steps.back().result},
             {"generation", view.generation}});
}

}  // namespace claviger::sidecar
