// SPDX-License-Identifier: Apache-2.0
//
// An API server for one operator: makes up the objects of bench_objects.h page
// by page, takes statuses into a file, and tells watches of edits, so that
// what the process holds in memory is the operator's. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_objects.h"
#include "kube/transport.h"

namespace claviger::testing {

class BenchCluster final : public kube::Transport {
 public:
  /// Statuses that an earlier run left in `directory` are taken up again.
  BenchCluster(int size, const std::string& directory);
  ~BenchCluster() override;

  Result<kube::Response> Send(const kube::Request& request) override;
  Result<kube::Response> Stream(
      const kube::Request& request,
      const std::function<bool(std::string_view piece)>& take) override;
  void Close() override;

  /// A user changes a Grant; its watch has the event before this returns.
  void Edit(int grant, bool suspended, int shift);

  int64_t status_writes() const;
  /// Calls that this server does not know: a mistake of the benchmark.
  std::string complaint() const;
  /// Writes down where the statuses are, for the next run.
  void Save() const;

 private:
  struct Place {
    int64_t offset = 0;
    int64_t size = 0;
  };
  struct Collection {
    std::vector<Place> statuses;
    std::map<int, BenchState> changed;
    std::deque<std::string> events;
  };

  std::string Text(const std::string& plural, int number);
  BenchState StateOf(Collection& of, int number);
  kube::Response List(const std::string& plural, const kube::Request& request);
  kube::Response PatchStatus(const std::string& plural, int number,
                             const kube::Request& request);
  kube::Response OnLease(const kube::Request& request);

  const int size_;
  const std::string directory_;
  int file_ = -1;
  int64_t end_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool closed_ = false;
  int64_t version_ = 1'000'000;
  int64_t status_writes_ = 0;
  std::string complaint_;
  nlohmann::json lease_;
  std::map<std::string, Collection> collections_;
};

}  // namespace claviger::testing
