// SPDX-License-Identifier: Apache-2.0
//
// When the webhook's certificates are made, published and replaced: a plan over
// plain times, so that every case can be shown. An authority signs only once
// the published bundle holds it, and its successor only after a while in it,
// since API servers learn of a bundle late. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"

namespace claviger::op::webhook {

struct RotationTimes {
  std::chrono::seconds authority_life = std::chrono::hours(24 * 20);
  std::chrono::seconds leaf_life = std::chrono::hours(24 * 6);
  /// How long a successor is in the bundle before it signs.
  std::chrono::seconds overlap{120};
};

struct CertificateState {
  struct Authority {
    Time not_before;
    Time not_after;
    /// Since when the published bundle is known to hold it.
    std::optional<Time> trusted_since;
  };
  struct Leaf {
    Time not_before;
    Time not_after;
  };
  std::optional<Authority> authority;  // the one that signs
  std::optional<Authority> successor;
  std::optional<Leaf> leaf;
};

enum class Step {
  kNone,           // nothing is due
  kMakeAuthority,  // there is none, or it has ended
  kPublish,        // the bundle does not hold ours
  kIssueLeaf,      // none, or a third of its life is left
  kMakeSuccessor,  // half of the authority's life is left
  kPromote,        // the successor signs from now on, beginning with a new leaf
};

Step NextStep(const CertificateState& state, const RotationTimes& times,
              Time now);

}  // namespace claviger::op::webhook
