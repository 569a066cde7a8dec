// SPDX-License-Identifier: Apache-2.0
//
// The bound on what all engines of one embedded Vault store together. Not
// synchronised.
#pragma once

#include <cstddef>

namespace claviger::dev {

class StoreBudget {
 public:
  explicit StoreBudget(size_t max_bytes) : left_(max_bytes) {}
  /// False, and nothing taken, where that is more than is left.
  bool Take(size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void Return(size_t bytes) { left_ += bytes; }

 private:
  size_t left_;
};

}  // namespace claviger::dev
