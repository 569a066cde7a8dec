// SPDX-License-Identifier: Apache-2.0
//
// A Kubernetes API server in memory, as far as lib/kube uses one: the contract
// suite (tests/integration/kube_contract.h) holds it to what the real one does.
// It fails and lies on demand. Knows no time of its own and never sleeps; the
// Clock is only for time stamps. Thread-safe; a hook may call the server, a
// filter must not.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/transport.h"
#include "support/fake_kube_store.h"

namespace claviger::testing {

class FakeKube final : public kube::Transport {
 public:
  /// A call fails before it took effect, or after (the answer is lost).
  enum class When { kBefore, kAfter };
  /// May replace the answer of a call; nothing: the call goes its way.
  using Hook = std::function<std::optional<Result<kube::Response>>(
      const kube::Request& request, When when)>;

  explicit FakeKube(const Clock& clock) : store_(clock) {}

  Result<kube::Response> Send(const kube::Request& request) override;
  Result<kube::Response> Stream(
      const kube::Request& request,
      const std::function<bool(std::string_view piece)>& take) override;
  void Close() override;

  // As a user would, not counted, with the namespace made where it is missing.
  // An object needs metadata and what the kind has; the rest is filled in.
  // Fails the test when the server refuses.

  /// Creates it, or replaces all but status. The object as stored.
  nlohmann::json Apply(const kube::Resource& resource, nlohmann::json object);
  void Delete(const kube::Resource& resource, const kube::ObjectName& name);
  /// Null where absent.
  nlohmann::json Peek(const kube::Resource& resource,
                      const kube::ObjectName& name) const;
  std::vector<nlohmann::json> PeekAll(const kube::Resource& resource) const;

  // What happened: "PATCH /apis/claviger.io/v1alpha1/namespaces/a/grants/b",
  // "LIST ...", "WATCH ...", in order, since the last ResetLog.
  std::vector<std::string> log() const;
  void ResetLog();
  /// Calls that were to change something, of those in the log.
  int writes() const;

  // Faults of calls.
  void SetHook(Hook hook);
  /// The call after `calls` more fails, and so do all behind it: the process
  /// that made them is as good as dead. Watches are calls too.
  void DieAfter(int calls, When when);
  /// The next `times` calls whose log line contains `text` are answered so, and
  /// without effect.
  void Answer(const std::string& text, int code, int times = 1,
              std::optional<std::chrono::seconds> retry_after = std::nullopt);
  /// No connection, while true; watches under way end.
  void GoAway(bool away);
  /// Ends everything that was set above or below.
  void Heal();

  // Faults of lists. The filter sees all items of a whole list.
  using ListFilter =
      std::function<std::vector<nlohmann::json>(std::vector<nlohmann::json>)>;
  void SetListFilter(ListFilter filter);
  /// Pages that were begun cannot be continued (410).
  void ExpireContinue();

  // Watches. By default one delivers what has happened since, a bookmark, and
  // ends: no thread is needed. With BlockWatches it stays and waits for more,
  // until EndWatches, GoAway or Close.
  void BlockWatches(bool block);
  void EndWatches();
  /// Sees the lines of a delivery (drop, double, reorder, garble, delay) and
  /// says which bytes go out.
  using WatchFilter =
      std::function<std::string(std::vector<std::string> lines)>;
  void SetWatchFilter(WatchFilter filter);
  /// The next watch ends for want of a connection after so many bytes.
  void CutWatchAfter(size_t bytes);
  /// Bytes arrive in pieces of this size.
  void SetPieceSize(size_t bytes);
  /// Watches from versions before now are answered with an ERROR event of 410.
  void Compact();
  /// Watches under way, for tests that have threads.
  void WaitForWatches(int count) const;

 private:
  struct Route;
  struct Rule {
    std::string text;
    int code = 0;
    int times = 0;
    std::optional<std::chrono::seconds> retry_after;
  };
  struct Snapshot {
    std::string version;
    std::vector<nlohmann::json> items;
    size_t next = 0;
  };

  std::optional<Result<kube::Response>> Intercept(const kube::Request& request,
                                                  When when);
  std::optional<Result<kube::Response>> Fault(const kube::Request& request,
                                              When when);
  kube::Response Perform(const kube::Request& request);
  KubeOutcome Write(const Route& route, const kube::Request& request);
  KubeOutcome List(const Route& route);
  Snapshot TakeSnapshot(const Route& route) const;
  std::vector<std::string> LinesSince(const Route& route,
                                      int64_t& version) const;
  std::string NextDelivery(const Route& route, int64_t& version);
  enum class Delivered { kAll, kCut, kRefused };
  Delivered Deliver(const std::string& bytes,
                    const std::function<bool(std::string_view)>& take);
  bool WaitForMore(int64_t version, int64_t epoch);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  FakeKubeStore store_;
  std::vector<std::string> log_;
  Hook hook_;
  std::vector<Rule> rules_;
  int calls_to_live_ = -1;  // -1: for ever
  When death_ = When::kBefore;
  bool dead_ = false;
  bool away_ = false;
  bool closed_ = false;
  ListFilter list_filter_;
  std::map<std::string, Snapshot> snapshots_;
  int64_t tokens_ = 0;
  bool block_ = false;
  int64_t epoch_ = 0;  // watches of older ones end
  WatchFilter watch_filter_;
  std::optional<size_t> cut_;
  size_t piece_ = 0;
  int64_t compacted_ = 0;
  int watching_ = 0;
};

/// An object of a kind, as small as Apply takes it; `spec` may be null.
nlohmann::json KubeObject(const std::string& ns, const std::string& name,
                          nlohmann::json spec = nullptr);

}  // namespace claviger::testing
