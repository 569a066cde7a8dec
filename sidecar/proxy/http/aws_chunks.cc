// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/aws_chunks.h"

#include <algorithm>
#include <charconv>

namespace claviger::sidecar::proxy {
namespace {

// "10000;chunk-signature=<64>" and the like; trailers are short, too.
constexpr size_t kMaxLine = 512;
constexpr size_t kMaxTrailers = 16;
constexpr size_t kMaxSizeDigits = 12;
constexpr std::string_view kSignature = ";chunk-signature=";
constexpr size_t kSignatureDigits = 64;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
  });
}

}  // namespace

bool AwsChunks::Take(std::string_view bytes, std::string& content) {
  while (!bytes.empty()) {
    if (part_ == Part::kEnd) return false;
    if (part_ == Part::kData) {
      if (!TakeData(bytes, content)) return false;
      continue;
    }
    bool whole = false;
    if (!TakeLine(bytes, whole)) return false;
    if (!whole) return true;
    if (part_ == Part::kSize) {
      if (!ReadSize()) return false;
    } else if (part_ == Part::kDataEnd) {
      if (!line_.empty()) return false;
      part_ = Part::kSize;
    } else if (line_.empty()) {
      part_ = Part::kEnd;
    } else if (++trailers_ > kMaxTrailers) {
      return false;
    }
    line_.clear();
  }
  return true;
}

// Up to a CRLF, which is taken, too. `whole`: it was there.
bool AwsChunks::TakeLine(std::string_view& bytes, bool& whole) {
  const size_t end = std::min(bytes.find('\n'), bytes.size());
  whole = end < bytes.size();
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(whole ? end + 1 : end);
  if (line_.size() > kMaxLine) return false;
  if (!whole) return true;
  if (!line_.ends_with('\r')) return false;
  line_.pop_back();
  return line_.find('\r') == std::string::npos;
}

bool AwsChunks::TakeData(std::string_view& bytes, std::string& content) {
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  content.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ == 0) part_ = Part::kDataEnd;
  return true;
}

bool AwsChunks::ReadSize() {
  const std::string_view line = line_;
  const size_t digits = std::min(line.find(';'), line.size());
  const std::string_view rest = line.substr(digits);
  const bool framed = digits > 0 && digits <= kMaxSizeDigits &&
                      IsHex(line.substr(0, digits)) &&
                      rest.starts_with(kSignature) &&
                      rest.size() == kSignature.size() + kSignatureDigits &&
                      IsHex(rest.substr(kSignature.size()));
  if (!framed) return false;
  std::from_chars(line.data(), line.data() + digits, left_, 16);
  if (left_ > expected_) return false;
  expected_ -= left_;
  part_ = left_ == 0 ? Part::kTrailer : Part::kData;
  return true;
}

}  // namespace claviger::sidecar::proxy
