// SPDX-License-Identifier: Apache-2.0
//
// Who listens for changes, and telling them: that the bindings of a principal
// were written, never what is in them. Each stream hears of its own principal
// and of what concerns everyone. A listener that does not keep up is dropped.
// Thread-safe; never blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/server.h"

namespace claviger::op::push {

class Hub {
 public:
  /// Only while open are streams taken in: while this replica leads, and so
  /// has something to tell. Closing ends all streams.
  void Open();
  void Close();
  bool open() const;

  /// `principal` is an id ("sa.reports.nightly"). False, and the stream
  /// dropped, while the hub is closed.
  bool Add(const std::string& principal,
           std::shared_ptr<http::EventStream> stream);

  /// The bindings of `principal` were written; "everyone.sa" concerns all.
  void Announce(const std::string& principal);

  /// Sends all a word that nobody minds, so that those that are gone are found.
  void Sweep();

  size_t listeners() const;

 private:
  using Streams = std::vector<std::shared_ptr<http::EventStream>>;

  // Needs mutex_.
  void Tell(Streams& streams, std::string_view event, std::string_view data);
  void TellAll(std::string_view event, std::string_view data);

  mutable std::mutex mutex_;
  bool open_ = false;
  std::unordered_map<std::string, Streams> streams_;
  size_t count_ = 0;
};

}  // namespace claviger::op::push
