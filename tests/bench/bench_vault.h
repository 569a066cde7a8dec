// SPDX-License-Identifier: Apache-2.0
//
// The Vault that operator_bench writes to (the real one where this machine has
// it), a wire to it that counts, and a plain load generator.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vault/api.h"

namespace claviger::testing {

class BenchVault {
 public:
  virtual ~BenchVault() = default;
  virtual std::string address() const = 0;
  virtual std::string token() const = 0;
  virtual bool is_real() const = 0;
};

/// What a load takes between two of its steps.
void Pause(std::chrono::milliseconds time);

/// Fresh, with what an administrator prepares. Errors are printed; null then.
std::unique_ptr<BenchVault> StartBenchVault();

/// Finer than base/clock.h counts.
using BenchTime = std::chrono::steady_clock::time_point;

/// Counts what goes by. Thread-safe.
class Wire final : public vault::Api {
 public:
  /// Writes are noted in the file `record` too, unless that is empty.
  Wire(vault::Api& next, const std::string& record);

  Result<vault::Answer> Do(const vault::Call& call) override;

  int64_t reads() const { return reads_; }
  /// Without those of taking over leadership.
  int64_t writes() const { return writes_; }
  BenchTime last_write() const;

  /// From now on, until Await, these policies are awaited.
  void Expect(std::set<std::string> policies);
  /// When the last of them was written; nothing within `patience`.
  std::optional<BenchTime> Await(std::chrono::milliseconds patience);

 private:
  vault::Api& next_;
  std::atomic<int64_t> reads_{0};
  std::atomic<int64_t> writes_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::ofstream record_;
  BenchTime last_write_{};
  std::set<std::string> expected_;
};

/// Makes the writes of `record` with `threads` connections; the seconds it
/// took, or nothing where one failed.
std::optional<double> ReplayWrites(const BenchVault& vault,
                                   const std::string& record, int threads);

}  // namespace claviger::testing
