// SPDX-License-Identifier: Apache-2.0
//
// Reads one request's head strictly: line ends and characters are checked
// here, start line and fields are taken apart by Beast, and everything that
// two HTTP readers might see differently is refused. Pure; the only user of
// Beast's parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/server.h"

namespace claviger::http {

/// Finds the end of a head while it arrives, and refuses bare CR and LF, folded
/// lines and control characters at the line that has them.
class HeadScanner {
 public:
  enum class State { kMore, kComplete, kMalformed };

  /// `bytes` is everything received of this head so far. When complete, size()
  /// is the head's length with its empty line.
  State Scan(std::string_view bytes);
  size_t size() const { return line_start_; }

 private:
  size_t line_start_ = 0;
};

/// What a head says, with how the body is framed.
struct Head {
  ServerRequest request;  // without body and peer
  uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Parses a complete head (as the scanner found it). On refusal `refusal` is
/// the status to answer: 400, 414, 417 or 431.
struct HeadResult {
  std::optional<Head> head;
  int refusal = 0;
};
HeadResult ParseHead(std::string_view bytes);

}  // namespace claviger::http
