// SPDX-License-Identifier: Apache-2.0
#include "http/server_chunks.h"

#include <algorithm>

namespace claviger::http {
namespace {

// Far above any bound on bodies, far below an overflow.
constexpr int kMaxSizeDigits = 8;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool ChunkDecoder::TakeSizeDigit(char c) {
  const int value = HexValue(c);
  if (value < 0 || ++digits_ > kMaxSizeDigits) return false;
  chunk_ = chunk_ * 16 + static_cast<uint64_t>(value);
  return true;
}

ChunkDecoder::State ChunkDecoder::EndSizeLine() {
  if (chunk_ > left_) return State::kTooLarge;
  part_ = chunk_ == 0 ? Part::kEndCr : Part::kData;
  return State::kMore;
}

ChunkDecoder::State ChunkDecoder::Step(char c) {
  const auto expect = [&](char wanted, Part next) {
    part_ = next;
    return c == wanted ? State::kMore : State::kMalformed;
  };
  switch (part_) {
    case Part::kSize:
      if (c == '\r' && digits_ > 0) return expect('\r', Part::kSizeLf);
      return TakeSizeDigit(c) ? State::kMore : State::kMalformed;
    case Part::kSizeLf:
      return c == '\n' ? EndSizeLine() : State::kMalformed;
    case Part::kDataCr:
      return expect('\r', Part::kDataLf);
    case Part::kDataLf:
      digits_ = 0;
      return expect('\n', Part::kSize);
    case Part::kEndCr:
      return expect('\r', Part::kEndLf);
    case Part::kEndLf:
      return c == '\n' ? State::kDone : State::kMalformed;
    case Part::kData:
      break;
  }
  return State::kMalformed;  // kData is taken in bulk by Feed
}

ChunkDecoder::State ChunkDecoder::Feed(std::string_view bytes,
                                       std::string& body, size_t& consumed) {
  consumed = 0;
  while (state_ == State::kMore && consumed < bytes.size()) {
    if (part_ != Part::kData) {
      state_ = Step(bytes[consumed++]);
      continue;
    }
    const auto take = static_cast<size_t>(
        std::min<uint64_t>(chunk_, bytes.size() - consumed));
    body.append(bytes.substr(consumed, take));
    consumed += take;
    chunk_ -= take;
    left_ -= take;
    if (chunk_ == 0) part_ = Part::kDataCr;
  }
  return state_;
}

}  // namespace claviger::http
