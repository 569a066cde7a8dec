// SPDX-License-Identifier: Apache-2.0
//
// What is gone without anybody having seen it deleted, as the leader notes it
// on its Lease, so that `claviger status` can tell what waits for a person.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/pass_report.h"

namespace claviger::op {

/// The notes on the Lease: what follows, and PassReport::epoch.
inline constexpr char kHeldBackNote[] = "held-back";
inline constexpr char kEpochNote[] = "vault-epoch";

/// Of one namespace ("_cluster": Groups; "_all": everything).
struct HeldBack {
  Brake brake;
  /// The brake is on: nothing changes there. Otherwise what is gone gives
  /// nothing, and what it held back is held back still.
  bool frozen = false;
};

/// Of at most 20 namespaces and 8 kB, those under the brake first; empty where
/// nothing is gone.
std::string EncodeHeldBack(const PassReport& report);

/// Leniently: what cannot be read is left out.
std::vector<HeldBack> DecodeHeldBack(std::string_view text);

/// The epoch in a note; 0 where there is none.
int64_t DecodeEpoch(std::string_view text);

}  // namespace claviger::op
