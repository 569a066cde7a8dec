// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a watch into events: one JSON object a line, cut anywhere by the
// network. Holds at most one line. Pure; not synchronised.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/object.h"

namespace claviger::kube {

/// Longer lines are refused.
inline constexpr size_t kMaxWatchLine = size_t{2} << 20U;

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark };
  Type type = Type::kAdded;
  /// Of a bookmark only resource_version is there. Of a deletion it is the
  /// object's last state, with the version of the deletion.
  ObjectView object;
};

class WatchDecoder {
 public:
  /// Returns false to end the stream.
  using Take = std::function<bool(const WatchEvent&)>;

  WatchDecoder(const Resource& resource, Take take)
      : resource_(resource), take_(std::move(take)) {}

  /// True: go on. False after the first error, an ERROR event, or once `take`
  /// said so; what follows is not looked at.
  bool Feed(std::string_view piece);

  /// What ended it; nothing if `take` did, or the stream ended between events.
  /// kMalformed, kTooLarge, kUnavailable (cut inside of an event), or what an
  /// ERROR event stands for.
  std::optional<Error> Finish() const;
  /// The server says that the version asked for is too old.
  bool expired() const { return expired_; }

 private:
  bool Line(std::string_view line);
  bool Event(std::string_view type, std::string_view object);
  bool Refuse(Error error);

  const Resource resource_;
  Take take_;
  std::string line_;
  std::optional<Error> error_;
  bool expired_ = false;
  bool done_ = false;
};

}  // namespace claviger::kube
