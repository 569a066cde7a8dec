// SPDX-License-Identifier: Apache-2.0
//
// The heads of requests and answers, read strictly: whatever two HTTP readers
// might take differently is refused, since what is read here is written anew
// for a server that must see the same message (request smuggling, RFC 9112
// section 11). Pure; what is parsed points into the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace claviger::sidecar::proxy {

inline constexpr size_t kMaxFields = 128;
inline constexpr size_t kMaxTarget = size_t{16} * 1024;

struct Field {
  std::string_view name;
  std::string_view value;  // without the spaces around it
};

bool SameName(std::string_view a, std::string_view b);  // ASCII, without case
/// The first field of that name; null without.
const Field* FindField(const std::vector<Field>& fields, std::string_view name);

/// How the end of a body is found.
struct Framing {
  enum class Kind { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  uint64_t length = 0;  // of kLength
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  // "/path?query", or "*" with OPTIONS
  std::string_view host;    // "" where an HTTP/1.0 client sent none
  int minor = 1;
  std::vector<Field> fields;
  Framing framing;
  bool keep_alive = true;
  bool expects_continue = false;
  bool websocket = false;  // asks to become one
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor = 1;
  std::vector<Field> fields;
  Framing framing;
  bool keep_alive = true;
};

/// The length of the head at the front of `bytes` with its empty line, 0 while
/// it is not whole; `malformed` is set for bare CR or LF, folded lines and
/// control characters, at the line that has them. `from`: what an earlier call
/// set it to, so that no line is looked at twice; 0 at first.
size_t FindHeadEnd(std::string_view bytes, size_t& from, bool& malformed);

/// Reads a whole head (FindHeadEnd's). 0, or the status to refuse it with: 400,
/// 414, 417, 431. The vectors of `head` are used again.
int ParseRequestHead(std::string_view bytes, RequestHead& head);

/// False for what is no answer to a request of that method. 1xx have no body.
bool ParseResponseHead(std::string_view bytes, std::string_view method,
                       ResponseHead& head);

/// Lines of fields up to an empty one, as in trailers. False: malformed, or
/// too many.
bool ParseFields(std::string_view lines, std::vector<Field>& fields);

/// Calls `visit(token)` for each element of a comma-separated list.
template <typename Visit>
void ForEachToken(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view token = list.substr(0, comma);
    while (!token.empty() && (token.front() == ' ' || token.front() == '\t')) {
      token.remove_prefix(1);
    }
    while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) {
      token.remove_suffix(1);
    }
    if (!token.empty()) visit(token);
    list.remove_prefix(comma == std::string_view::npos ? list.size()
                                                       : comma + 1);
  }
}

}  // namespace claviger::sidecar::proxy
