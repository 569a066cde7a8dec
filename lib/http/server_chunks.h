// SPDX-License-Identifier: Apache-2.0
//
// Decodes a chunked body, and only the plain form of it: hexadecimal sizes,
// CRLF, no extensions, no trailers. What is refused here is what servers are
// known to read differently, which is how requests are smuggled. Not
// synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace claviger::http {

class ChunkDecoder {
 public:
  enum class State { kMore, kDone, kMalformed, kTooLarge };

  /// Bodies over `max_bytes` end in kTooLarge before they are stored.
  explicit ChunkDecoder(size_t max_bytes) : left_(max_bytes) {}

  /// Takes what it can of `bytes`, appends content to `body`, and sets
  /// `consumed`. kMore until the last chunk was read; a final state stays.
  State Feed(std::string_view bytes, std::string& body, size_t& consumed);

 private:
  enum class Part { kSize, kSizeLf, kData, kDataCr, kDataLf, kEndCr, kEndLf };

  bool TakeSizeDigit(char c);
  State EndSizeLine();
  State Step(char c);

  Part part_ = Part::kSize;
  State state_ = State::kMore;
  uint64_t chunk_ = 0;  // bytes still to come in this chunk
  int digits_ = 0;
  size_t left_;  // bytes the body may still grow by
};

}  // namespace claviger::http
