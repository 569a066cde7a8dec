// SPDX-License-Identifier: Apache-2.0
//
// Collects a response while it streams in and says stop at the first byte over
// a bound, so that a server decides neither our memory nor our time. Buffers
// that are outgrown are wiped: an answer may hold a secret. Not synchronised.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/client.h"

namespace claviger::http {

class ResponseSink {
 public:
  static constexpr size_t kMaxHeaders = 100;
  static constexpr size_t kMaxHeaderBytes = size_t{64} << 10U;

  explicit ResponseSink(size_t max_body_bytes) : max_body_(max_body_bytes) {}
  ~ResponseSink();
  ResponseSink(const ResponseSink&) = delete;
  ResponseSink& operator=(const ResponseSink&) = delete;

  /// One line of a header block, the status line included; false: stop. A new
  /// status line (after a 1xx answer) forgets the headers before it, but not
  /// their bytes.
  bool AddHeaderLine(std::string_view line);
  /// The next bytes of the body; false: stop.
  bool AddBody(std::string_view bytes);

  bool over_a_bound() const { return over_; }
  /// True once a status line came: there is an answer, or the start of one.
  bool begun() const { return header_bytes_ > 0; }

  /// The whole response; leaves the sink empty.
  ClientResponse Take(int status);

 private:
  size_t max_body_;
  size_t header_bytes_ = 0;
  bool over_ = false;
  ClientResponse response_;
};

}  // namespace claviger::http
