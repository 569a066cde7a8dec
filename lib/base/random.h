// SPDX-License-Identifier: Apache-2.0
//
// The port to randomness: jitter comes from it, and so do keys. A fake makes
// every test repeatable. Implementations are safe to call from several threads.
#pragma once

#include <cstddef>
#include <string>

namespace claviger {

class Random {
 public:
  virtual ~Random() = default;
  /// Uniform in [0, 1).
  virtual double Unit() = 0;
  /// `count` unpredictable bytes.
  virtual std::string Bytes(size_t count) = 0;
};

/// OpenSSL's generator; aborts the process if the system gives no entropy.
class SystemRandom final : public Random {
 public:
  double Unit() override;
  std::string Bytes(size_t count) override;
};

}  // namespace claviger
