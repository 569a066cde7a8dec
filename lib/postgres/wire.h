// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL's protocol in bytes: a cursor that never reads past its end, and
// the building of messages. Integers are big-endian, texts end with a zero.
// Pure; not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace claviger::postgres {

/// Reads from bytes that it does not own. After one read that fails, all fail.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  std::optional<uint8_t> Byte();
  std::optional<uint32_t> Int32();
  /// Up to the next zero, which is taken too; none: a failure.
  std::optional<std::string_view> Text();
  std::optional<std::string_view> Bytes(size_t count);

  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::nullopt_t Failed();

  std::string_view rest_;
  bool failed_ = false;
};

void AppendInt32(std::string& out, uint32_t number);
/// `text` holds no zero.
void AppendText(std::string& out, std::string_view text);
/// One message: its type, its length and `body`.
void AppendMessage(std::string& out, char type, std::string_view body);

/// Of a typed message: the type and the size of the body behind the header.
struct MessageHead {
  static constexpr size_t kSize = 5;
  char type = 0;
  uint32_t body_size = 0;
};
/// From at least kSize bytes; nothing where the length cannot be.
std::optional<MessageHead> ReadHead(std::string_view bytes);

}  // namespace claviger::postgres
