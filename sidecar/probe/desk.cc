// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/desk.h"

#include <utility>

namespace claviger::sidecar::probe {

bool Desk::Ask(Probe& probe, proxy::Permit permit, proxy::Fields fields,
               Done done) {
  const Key key{permit.facts->ref, permit.slot, permit.facts.get(),
                permit.credential.get()};
  {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key);
    if (found != under_way_.end()) {
      found->second.waiting.push_back(std::move(done));
      return true;
    }
    if (under_way_.size() >= kMaxUnderWay ||
        !allowance_.Take(permit.facts->ref, clock_.SteadyNow())) {
      return false;
    }
    UnderWay& begun = under_way_[key];
    begun.facts = permit.facts;
    begun.credential = permit.credential;
    begun.waiting.push_back(std::move(done));
  }
  probe.Begin(std::move(permit), std::move(fields),
              [this, key](const Report& report) { OnEnd(key, report); });
  return true;
}

void Desk::OnEnd(const Key& key, const Report& report) {
  decltype(under_way_)::node_type ended;
  {
    const std::lock_guard lock(mutex_);
    ended = under_way_.extract(key);
  }
  if (ended.empty()) return;
  for (const Done& done : ended.mapped().waiting) done(report);
}

}  // namespace claviger::sidecar::probe
