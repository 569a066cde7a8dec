// SPDX-License-Identifier: Apache-2.0
//
// A body piece by piece: the content is taken out of its framing here, and put
// into a framing of our own by whoever sends it on, so that sizes, extensions
// and trailers on the other side are ours. Not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/proxy/http/head.h"

namespace claviger::sidecar::proxy {

class BodyDecoder {
 public:
  enum class State {
    kMore,       // give more bytes
    kContent,    // `content` has some: call again with the rest
    kDone,       // the body is whole; what follows is not its
    kMalformed,  // the connection is of no more use
  };

  void Start(const Framing& framing);

  /// Takes some of `bytes` off its front. `content` points into them. kDone and
  /// kMalformed stay. A body until the close stays in kMore: its end is the
  /// connection's.
  State Next(std::string_view& bytes, std::string_view& content);

  bool until_close() const { return kind_ == Framing::Kind::kUntilClose; }
  bool done() const { return part_ == Part::kEnd; }
  /// Once done: the fields behind the last chunk.
  const std::vector<Field>& trailers() const { return trailers_; }

 private:
  enum class Part {
    kContent,
    kSize,
    kSizeLf,
    kDataCr,
    kDataLf,
    kTrailer,
    kEnd
  };

  State NextChunked(std::string_view& bytes, std::string_view& content);
  State TakeContent(std::string_view& bytes, std::string_view& content);
  bool TakeFraming(char c);
  bool TakeSizeChar(char c);
  bool TakeTrailerChar(char c);

  Framing::Kind kind_ = Framing::Kind::kNone;
  Part part_ = Part::kEnd;
  bool malformed_ = false;
  uint64_t left_ = 0;  // of the body, or of this chunk
  int digits_ = 0;
  std::string trailer_;
  std::vector<Field> trailers_;
};

/// Appends `content` as one chunk; nothing where it is empty.
void AppendChunk(std::string_view content, std::string& out);

}  // namespace claviger::sidecar::proxy
