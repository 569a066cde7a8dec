// SPDX-License-Identifier: Apache-2.0
#include "postgres/startup.h"

#include <algorithm>

#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

constexpr uint32_t kMajor = 3;
constexpr uint32_t kRequests = 1234;  // the "major version" of what is none
constexpr uint32_t kCancelCode = (kRequests << 16U) | 5678U;
constexpr uint32_t kSslCode = (kRequests << 16U) | 5679U;
constexpr uint32_t kGssCode = (kRequests << 16U) | 5680U;
constexpr size_t kHeadBytes = 8;
// The first byte of a TLS handshake; no length that is allowed has it.
constexpr char kTlsHandshake = 0x16;

constexpr std::string_view kViolation = "08P01";
constexpr std::string_view kUnsupported = "0A000";

BadPacket Bad(std::string_view what) { return {kViolation, what}; }

decltype(FirstPacket::value) ReadCancel(Cursor& cursor) {
  CancelRequest request;
  request.pid = cursor.Int32().value_or(0);
  request.key = cursor.rest();
  if (cursor.failed() || request.key.size() < kMinCancelKey ||
      request.key.size() > kMaxCancelKey) {
    return Bad("cancel request of a wrong size");
  }
  return request;
}

decltype(FirstPacket::value) ReadParameters(Cursor& cursor,
                                            StartupPacket packet) {
  while (true) {
    const auto name = cursor.Text();
    if (!name) return Bad("startup packet without an end");
    if (name->empty()) break;
    const auto value = cursor.Text();
    if (!value) return Bad("startup packet without an end");
    if (packet.parameters.size() == kMaxStartupParameters) {
      return Bad("too many startup parameters");
    }
    if (Find(packet.parameters, *name) != nullptr) {
      return Bad("startup parameter given twice");
    }
    packet.parameters.emplace_back(*name, *value);
  }
  if (!cursor.empty()) return Bad("startup packet with something behind it");
  return packet;
}

decltype(FirstPacket::value) ReadBody(Cursor& cursor) {
  const uint32_t code = cursor.Int32().value_or(0);
  if (code == kCancelCode) return ReadCancel(cursor);
  if (code == kSslCode || code == kGssCode) {
    if (!cursor.empty()) return Bad("encryption request of a wrong size");
    if (code == kSslCode) return SslRequest{};
    return GssRequest{};
  }
  if (code >> 16U != kMajor) {
    return BadPacket{kUnsupported, "only protocol 3 is spoken here"};
  }
  StartupPacket packet;
  packet.minor = code & 0xFFFFU;
  return ReadParameters(cursor, std::move(packet));
}

std::string WithLength(const std::string& body) {
  std::string packet;
  AppendInt32(packet, static_cast<uint32_t>(body.size() + 4));
  return packet + body;
}

}  // namespace

const std::string* Find(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Set(Parameters& parameters, std::string_view name, std::string value) {
  for (auto& [key, present] : parameters) {
    if (key != name) continue;
    present = std::move(value);
    return;
  }
  parameters.emplace_back(name, std::move(value));
}

FirstPacket ReadFirstPacket(std::string_view bytes) {
  if (!bytes.empty() && bytes.front() == kTlsHandshake) {
    return {BadPacket{kUnsupported, "TLS is not spoken here, connect without"},
            0};
  }
  if (bytes.size() < 4) return {NeedMore{}, 0};
  const uint32_t size = *Cursor(bytes).Int32();
  if (size < kHeadBytes || size > kMaxStartupBytes) {
    return {Bad("first packet of an impossible size"), 0};
  }
  if (bytes.size() < size) return {NeedMore{}, 0};
  Cursor cursor(bytes.substr(4, size - 4));
  FirstPacket packet{ReadBody(cursor), size};
  if (std::holds_alternative<BadPacket>(packet.value)) packet.size = 0;
  return packet;
}

std::string MakeSslRequest() {
  std::string body;
  AppendInt32(body, kSslCode);
  return WithLength(body);
}

std::string MakeCancelRequest(uint32_t pid, std::string_view key) {
  std::string body;
  AppendInt32(body, kCancelCode);
  AppendInt32(body, pid);
  body.append(key);
  return WithLength(body);
}

std::string MakeStartup(uint32_t minor, const Parameters& parameters) {
  std::string body;
  AppendInt32(body, (kMajor << 16U) | minor);
  for (const auto& [name, value] : parameters) {
    AppendText(body, name);
    AppendText(body, value);
  }
  body.push_back('\0');
  return WithLength(body);
}

}  // namespace claviger::postgres
