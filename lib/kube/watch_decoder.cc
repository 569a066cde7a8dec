// SPDX-License-Identifier: Apache-2.0
#include "kube/watch_decoder.h"

#include <utility>

#include "kube/json_slice.h"
#include "kube/status.h"

namespace claviger::kube {
namespace {

std::optional<WatchEvent::Type> TypeOf(std::string_view word) {
  if (word == R"("ADDED")") return WatchEvent::Type::kAdded;
  if (word == R"("MODIFIED")") return WatchEvent::Type::kModified;
  if (word == R"("DELETED")") return WatchEvent::Type::kDeleted;
  return std::nullopt;
}

// Of a bookmark, and of nothing else, the version alone is enough.
Result<std::string> BookmarkVersion(std::string_view object) {
  std::string version;
  const Status read = ForEachMember(
      object, [&](std::string_view key, std::string_view value) -> Status {
        if (key != "metadata") return {};
        return ForEachMember(
            value,
            [&](std::string_view field, std::string_view text) -> Status {
              if (field != "resourceVersion") return {};
              auto read_version = StringOf(text);
              if (!read_version) return Fail(read_version.error());
              version = *std::move(read_version);
              return {};
            });
      });
  if (!read) return Fail(read.error());
  if (version.empty()) {
    return Fail(ErrorCode::kMalformed, "a bookmark without a version");
  }
  return version;
}

}  // namespace

bool WatchDecoder::Refuse(Error error) {
  error.message =
      "watch " + std::string(resource_.plural) + ": " + error.message;
  error_ = std::move(error);
  done_ = true;
  return false;
}

bool WatchDecoder::Feed(std::string_view piece) {
  while (!done_ && !piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (line_.size() + part.size() > kMaxWatchLine) {
      return Refuse({ErrorCode::kTooLarge, "an event is larger than 2 MiB"});
    }
    if (end == std::string_view::npos) {
      line_ += part;
      return true;
    }
    piece.remove_prefix(end + 1);
    if (line_.empty()) {
      if (!Line(part)) return false;
      continue;
    }
    line_ += part;
    const bool more = Line(line_);
    line_.clear();
    if (!more) return false;
  }
  return !done_;
}

bool WatchDecoder::Line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
  std::string_view type;
  std::string_view object;
  const Status read = ForEachMember(
      line, [&](std::string_view key, std::string_view value) -> Status {
        if (key == "type") type = value;
        if (key == "object") object = value;
        return {};
      });
  if (!read) return Refuse(read.error());
  return Event(type, object);
}

bool WatchDecoder::Event(std::string_view type, std::string_view object) {
  if (type == R"("ERROR")") {
    const ApiStatus status = ReadApiStatus(object);
    expired_ = IsExpired(status.code, status);
    return Refuse(ErrorOf("an error was sent", status.code, status));
  }
  WatchEvent event;
  if (type == R"("BOOKMARK")") {
    auto version = BookmarkVersion(object);
    if (!version) return Refuse(std::move(version).error());
    event.type = WatchEvent::Type::kBookmark;
    event.object.resource_version = *std::move(version);
  } else {
    const auto known = TypeOf(type);
    if (!known) {
      return Refuse({ErrorCode::kMalformed, "an event of an unknown type"});
    }
    auto read = ReadObject(resource_, object);
    if (!read) return Refuse(std::move(read).error());
    event.type = *known;
    event.object = *std::move(read);
  }
  done_ = !take_(event);
  return !done_;
}

std::optional<Error> WatchDecoder::Finish() const {
  if (error_ || done_ || line_.empty()) return error_;
  return Error{
      ErrorCode::kUnavailable,
      "watch " + std::string(resource_.plural) + ": cut inside of an event"};
}

}  // namespace claviger::kube
