// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/rotation.h"

namespace claviger::op::webhook {
namespace {

// Also where the clock has gone back behind its beginning: nobody would take
// it then.
template <typename Certificate>
bool HasEnded(const Certificate& certificate, Time now) {
  return now >= certificate.not_after || now < certificate.not_before;
}

bool IsDue(const CertificateState::Leaf& leaf, Time now) {
  const auto life = leaf.not_after - leaf.not_before;
  return HasEnded(leaf, now) || now >= leaf.not_after - life / 3;
}

}  // namespace

Step NextStep(const CertificateState& state, const RotationTimes& times,
              Time now) {
  if (!state.authority || HasEnded(*state.authority, now)) {
    return Step::kMakeAuthority;
  }
  if (!state.authority->trusted_since) return Step::kPublish;
  if (!state.leaf) return Step::kIssueLeaf;
  const auto left = state.authority->not_after - now;
  if (!state.successor && left <= times.authority_life / 2) {
    return Step::kMakeSuccessor;
  }
  if (state.successor) {
    if (HasEnded(*state.successor, now)) return Step::kMakeSuccessor;
    const auto& since = state.successor->trusted_since;
    if (!since) return Step::kPublish;
    if (now >= *since + times.overlap) return Step::kPromote;
  }
  return IsDue(*state.leaf, now) ? Step::kIssueLeaf : Step::kNone;
}

}  // namespace claviger::op::webhook
