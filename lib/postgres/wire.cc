// SPDX-License-Identifier: Apache-2.0
#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

uint32_t ToInt32(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    number = (number << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

}  // namespace

std::nullopt_t Cursor::Failed() {
  failed_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<std::string_view> Cursor::Bytes(size_t count) {
  if (failed_ || rest_.size() < count) return Failed();
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::optional<uint8_t> Cursor::Byte() {
  const auto bytes = Bytes(1);
  if (!bytes) return std::nullopt;
  return static_cast<uint8_t>(bytes->front());
}

std::optional<uint32_t> Cursor::Int32() {
  const auto bytes = Bytes(4);
  if (!bytes) return std::nullopt;
  return ToInt32(*bytes);
}

std::optional<std::string_view> Cursor::Text() {
  const size_t end = rest_.find('\0');
  if (failed_ || end == std::string_view::npos) return Failed();
  const std::string_view taken = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return taken;
}

void AppendInt32(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> static_cast<unsigned>(shift)));
  }
}

void AppendText(std::string& out, std::string_view text) {
  out.append(text);
  out.push_back('\0');
}

void AppendMessage(std::string& out, char type, std::string_view body) {
  out.push_back(type);
  AppendInt32(out, static_cast<uint32_t>(body.size() + 4));
  out.append(body);
}

std::optional<MessageHead> ReadHead(std::string_view bytes) {
  Cursor cursor(bytes);
  MessageHead head;
  head.type = static_cast<char>(cursor.Byte().value_or(0));
  const auto size = cursor.Int32();
  if (!size || *size < 4) return std::nullopt;
  head.body_size = *size - 4;
  return head;
}

}  // namespace claviger::postgres
