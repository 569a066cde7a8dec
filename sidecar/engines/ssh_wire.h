// SPDX-License-Identifier: Apache-2.0
//
// SSH's data types (RFC 4251, section 5): numbers in network order, and texts
// with their length before them. A writer's bytes may be a key: they are wiped
// where it grows and where it ends. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.h"

namespace claviger::sidecar {

class SshWriter {
 public:
  SshWriter() { bytes_.reserve(kEnough); }
  ~SshWriter() { WipeString(bytes_); }
  SshWriter(const SshWriter&) = delete;
  SshWriter& operator=(const SshWriter&) = delete;

  void Raw(std::string_view bytes) { Append(bytes); }
  void Number32(uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      const char byte = static_cast<char>((number >> shift) & 0xFFU);
      Append({&byte, 1});
    }
  }
  void Text(std::string_view text) {
    Number32(static_cast<uint32_t>(text.size()));
    Append(text);
  }
  size_t size() const { return bytes_.size(); }
  /// What was written; the caller wipes it where it is secret.
  std::string Take() { return std::exchange(bytes_, {}); }

 private:
  static constexpr size_t kEnough = 512;

  void Append(std::string_view bytes) {
    if (bytes_.size() + bytes.size() > bytes_.capacity()) {
      std::string larger;
      larger.reserve(2 * (bytes_.size() + bytes.size()));
      larger.append(bytes_);
      WipeString(bytes_);
      bytes_ = std::move(larger);
    }
    bytes_.append(bytes);
  }

  std::string bytes_;
};

/// Reads from bytes that outlive it; nothing after an end is read.
class SshReader {
 public:
  explicit SshReader(std::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }
  std::optional<uint32_t> Number32() {
    const auto number = Number(4);
    if (!number) return std::nullopt;
    return static_cast<uint32_t>(*number);
  }
  std::optional<uint64_t> Number64() { return Number(8); }
  std::optional<std::string_view> Text() {
    const std::optional<uint32_t> size = Number32();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }

 private:
  std::optional<uint64_t> Number(size_t bytes) {
    if (rest_.size() < bytes) return std::nullopt;
    uint64_t number = 0;
    for (size_t at = 0; at < bytes; ++at) {
      number = (number << 8U) | static_cast<unsigned char>(rest_[at]);
    }
    rest_.remove_prefix(bytes);
    return number;
  }

  std::string_view rest_;
};

}  // namespace claviger::sidecar
