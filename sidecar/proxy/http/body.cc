// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/body.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace claviger::sidecar::proxy {
namespace {

constexpr int kMaxSizeDigits = 15;
constexpr size_t kMaxTrailer = size_t{8} * 1024;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void BodyDecoder::Start(const Framing& framing) {
  kind_ = framing.kind;
  left_ = framing.length;
  digits_ = 0;
  malformed_ = false;
  trailer_.clear();
  trailers_.clear();
  switch (kind_) {
    case Framing::Kind::kNone:
      part_ = Part::kEnd;
      break;
    case Framing::Kind::kChunked:
      part_ = Part::kSize;
      break;
    default:
      part_ = Part::kContent;
      break;
  }
}

BodyDecoder::State BodyDecoder::Next(std::string_view& bytes,
                                     std::string_view& content) {
  content = {};
  if (malformed_) return State::kMalformed;
  if (part_ == Part::kEnd) return State::kDone;
  if (bytes.empty()) return State::kMore;
  if (kind_ == Framing::Kind::kChunked) return NextChunked(bytes, content);
  if (kind_ == Framing::Kind::kUntilClose) {
    content = bytes;
    bytes = {};
    return State::kContent;
  }
  const State state = TakeContent(bytes, content);
  if (left_ == 0) part_ = Part::kEnd;
  return state;
}

BodyDecoder::State BodyDecoder::TakeContent(std::string_view& bytes,
                                            std::string_view& content) {
  content = bytes.substr(
      0, static_cast<size_t>(std::min<uint64_t>(left_, bytes.size())));
  bytes.remove_prefix(content.size());
  left_ -= content.size();
  return State::kContent;
}

BodyDecoder::State BodyDecoder::NextChunked(std::string_view& bytes,
                                            std::string_view& content) {
  while (!bytes.empty()) {
    if (part_ == Part::kContent) {
      const State state = TakeContent(bytes, content);
      if (left_ == 0) part_ = Part::kDataCr;
      return state;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (!TakeFraming(c)) {
      malformed_ = true;
      return State::kMalformed;
    }
    if (part_ == Part::kEnd) return State::kDone;
  }
  return State::kMore;
}

bool BodyDecoder::TakeFraming(char c) {
  switch (part_) {
    case Part::kSize:
      return TakeSizeChar(c);
    case Part::kSizeLf:
      if (c != '\n') return false;
      digits_ = 0;
      part_ = left_ == 0 ? Part::kTrailer : Part::kContent;
      return true;
    case Part::kDataCr:
      part_ = Part::kDataLf;
      return c == '\r';
    case Part::kDataLf:
      part_ = Part::kSize;
      return c == '\n';
    case Part::kTrailer:
      return TakeTrailerChar(c);
    default:
      return false;
  }
}

// No extensions: nobody needs them, and where they end is read differently.
bool BodyDecoder::TakeSizeChar(char c) {
  if (c == '\r') {
    part_ = Part::kSizeLf;
    return digits_ > 0;
  }
  const int digit = HexDigit(c);
  if (digit < 0 || digits_ == kMaxSizeDigits) return false;
  if (digits_++ == 0) left_ = 0;
  left_ = left_ * 16 + static_cast<uint64_t>(digit);
  return true;
}

bool BodyDecoder::TakeTrailerChar(char c) {
  trailer_ += c;
  if (trailer_.size() > kMaxTrailer) return false;
  if (trailer_ == "\r\n") {
    part_ = Part::kEnd;
    return true;
  }
  if (c != '\n') return true;
  size_t from = 0;
  bool malformed = false;
  const size_t size = FindHeadEnd(trailer_, from, malformed);
  if (malformed) return false;
  if (size == 0) return true;
  if (!ParseFields(trailer_, trailers_)) return false;
  part_ = Part::kEnd;
  return true;
}

void AppendChunk(std::string_view content, std::string& out) {
  if (content.empty()) return;
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(
      digits.data(), digits.data() + digits.size(), content.size(), 16);
  out.append(digits.data(), end).append("\r\n");
  out.append(content).append("\r\n");
}

}  // namespace claviger::sidecar::proxy
