// SPDX-License-Identifier: Apache-2.0
//
// Looks all the time whether two service accounts can read what they may not:
// by real logins, with tokens that were good once. A thread of its own;
// thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cluster_bed.h"

namespace claviger::testing {

class AccessWatch {
 public:
  /// Nobody may read anything yet. `bed` must outlive this.
  explicit AccessWatch(ClusterBed& bed);
  ~AccessWatch();
  AccessWatch(const AccessWatch&) = delete;
  AccessWatch& operator=(const AccessWatch&) = delete;

  /// From now on ("reports/nightly") it may read its slot, or may not. To be
  /// called before access is given, and after it was seen to be taken away.
  void Allow(const std::string& account, bool allowed);
  /// What was seen that must not be, and how often anything was read.
  std::vector<std::string> Violations() const;
  int reads() const { return reads_; }

 private:
  struct Account {
    std::string jwt;
    std::string token;
    bool allowed = false;
  };
  void Look(const std::string& name);
  std::string TokenOf(const std::string& name);
  bool IsAllowed(const std::string& name) const;

  ClusterBed& bed_;
  mutable std::mutex mutex_;  // guards what is below
  std::map<std::string, Account> accounts_;
  std::vector<std::string> violations_;
  std::atomic<int> reads_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace claviger::testing
