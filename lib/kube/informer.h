// SPDX-License-Identifier: Apache-2.0
//
// Keeps somebody told of all objects of one collection: lists them, watches
// from there, goes on where a stream ended, and lists anew when the server
// cannot tell what happened meanwhile. One thread runs it (Run, or Step by
// step in tests); Stop, ListSoon, synced and stats are thread-safe.
//
// What is believed when:
// - An object is gone (Gone::kEvent) when the server says so, or when another
//   uid has its name. One that is missing from a complete list is only absent
//   (Gone::kAbsent): whoever destroys something for it must ask first.
// - resourceVersions are compared for equality. Where they are numbers that
//   run backwards, the stream is out of order and a new list settles it.
// - A list is repeated now and then, for events that were lost on the way.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/client.h"

namespace claviger::kube {

/// Who is told; called on the informer's thread, one call at a time.
class InformerSink {
 public:
  enum class Seen {
    kList,   // found in a list: new here, or changed while nobody looked
    kWatch,  // changed just now
  };
  enum class Gone { kEvent, kAbsent };

  virtual ~InformerSink() = default;
  /// A new state of an object; never twice the same in a row.
  virtual void OnObject(const ObjectView& object, Seen seen) = 0;
  virtual void OnDeleted(const ObjectName& name, const std::string& uid,
                         Gone gone) = 0;
  /// After each complete list, once all of it was handed on.
  virtual void OnSynced() = 0;
};

struct InformerSettings {
  Selection selection;
  BackoffPolicy backoff{std::chrono::milliseconds(800),
                        std::chrono::milliseconds(30'000)};
  /// Between the half and the whole of this after a list comes the next.
  std::chrono::minutes relist{60};
  /// Longest silence of a stream before it counts as dead. The server's
  /// bookmarks come more rarely: an idle stream is opened anew each time.
  std::chrono::milliseconds silence{45'000};
};

class Informer {
 public:
  struct Ports {
    const Client& client;
    const Clock& clock;
    Random& random;
    Logger& log;
  };
  struct Stats {
    uint64_t lists = 0;     // complete ones
    uint64_t watches = 0;   // begun
    uint64_t failures = 0;  // of both
    uint64_t events = 0;    // that changed something
    SteadyTime last_contact{};
  };

  /// Everything given must outlive the informer.
  Informer(const Ports& ports, const Resource& resource,
           const InformerSettings& settings, InformerSink& sink);

  /// One list or one watch, to its end; blocks as these do. How long to wait
  /// before the next.
  std::chrono::milliseconds Step();

  /// Lists anew as soon as the watch under way tells something or falls silent.
  /// Thread-safe.
  void ListSoon() { list_soon_ = true; }

  /// Steps until Stop. To end a silent stream at once, close the Transport.
  void Run();
  void Stop();

  /// True once a list was complete.
  bool synced() const { return synced_; }
  Stats stats() const;

 private:
  struct Known {
    std::string uid;
    std::string version;
    uint64_t round = 0;  // of the list it was last in
  };
  struct NameHash {
    size_t operator()(const ObjectName& name) const;
  };

  bool stopped() const;
  std::chrono::milliseconds List();
  std::chrono::milliseconds Watch();
  std::chrono::milliseconds Failed(const Error& error);
  void Listed(const ObjectView& object);
  bool Take(const WatchEvent& event);
  void Changed(const ObjectView& object, InformerSink::Seen seen);
  void Deleted(const ObjectView& object);
  bool IsBackwards(const std::string& version) const;
  void Count(uint64_t Stats::*counter);

  const Ports ports_;
  const Resource resource_;
  const InformerSettings settings_;
  InformerSink& sink_;

  std::unordered_map<ObjectName, Known, NameHash> known_;
  uint64_t round_ = 0;
  std::optional<std::string> version_;  // nothing: a list is next
  bool out_of_order_ = false;
  int attempts_ = 0;
  SteadyTime relist_at_{};
  uint64_t taken_ = 0;  // events of the current watch

  std::atomic<bool> synced_{false};
  std::atomic<bool> list_soon_{false};
  mutable std::mutex mutex_;  // guards what is below
  std::condition_variable wake_;
  bool stopping_ = false;
  Stats stats_;
};

}  // namespace claviger::kube
