// SPDX-License-Identifier: Apache-2.0
//
// The body of a client that signs each of its chunks for AWS ("aws-chunked",
// STREAMING-AWS4-HMAC-SHA256-PAYLOAD): the content is taken out, since the
// client's signatures are of a key that the server does not know. Checksums
// behind the last chunk go with them. Not synchronised.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace claviger::sidecar::proxy {

class AwsChunks {
 public:
  /// `length`: of the content, as the client tells it.
  explicit AwsChunks(uint64_t length) : expected_(length) {}

  /// Appends what of `bytes`, the next piece of the body, is content. False:
  /// it is not framed like that, or is longer than was told.
  bool Take(std::string_view bytes, std::string& content);
  /// Whether the body may end here, with all that was told of.
  bool done() const { return part_ == Part::kEnd && expected_ == 0; }

 private:
  enum class Part { kSize, kData, kDataEnd, kTrailer, kEnd };

  bool TakeLine(std::string_view& bytes, bool& whole);
  bool TakeData(std::string_view& bytes, std::string& content);
  bool ReadSize();

  uint64_t expected_;
  uint64_t left_ = 0;  // of this chunk
  Part part_ = Part::kSize;
  std::string line_;
  size_t trailers_ = 0;
};

}  // namespace claviger::sidecar::proxy
