// SPDX-License-Identifier: Apache-2.0
//
// A few threads that work through one list, so that Vault has several calls of
// ours to answer at a time.
#pragma once

#include <cstddef>
#include <functional>

namespace claviger::op {

/// Calls `body` with 0 ... count-1, each at most once, from up to `threads`
/// threads (the caller's is one of them), beginning in order, until all are
/// done or `stop`, asked after each, says so. Blocks; true where all were
/// begun. Both must be thread-safe where `threads` is over 1, and not throw.
bool ForEachInParallel(size_t count, int threads,
                       const std::function<void(size_t)>& body,
                       const std::function<bool()>& stop);

}  // namespace claviger::op
