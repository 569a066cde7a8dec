// SPDX-License-Identifier: Apache-2.0
//
// The packets without a type with which a client begins: a wish for TLS or
// GSSAPI, a cancel request, or the startup packet with its parameters. Reading
// them from whoever sends, and making them for a server. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace claviger::postgres {

/// PostgreSQL's own bound on a packet before the login.
inline constexpr size_t kMaxStartupBytes = 10'000;
inline constexpr size_t kMaxStartupParameters = 64;
/// Cancel keys have four bytes in protocol 3.0, up to 256 in 3.2.
inline constexpr size_t kMinCancelKey = 4;
inline constexpr size_t kMaxCancelKey = 256;

/// Names and values as sent, in their order; no name twice.
using Parameters = std::vector<std::pair<std::string, std::string>>;
/// Null where there is none.
const std::string* Find(const Parameters& parameters, std::string_view name);
/// Replaces or adds.
void Set(Parameters& parameters, std::string_view name, std::string value);

struct NeedMore {};
struct SslRequest {};
struct GssRequest {};
struct CancelRequest {
  uint32_t pid = 0;
  std::string key;
};
struct StartupPacket {
  uint32_t minor = 0;  // protocol 3.<minor>
  Parameters parameters;
};
/// What can be no beginning; `what` is for people, without the client's bytes.
struct BadPacket {
  std::string_view sqlstate;
  std::string_view what;
};

struct FirstPacket {
  std::variant<NeedMore, SslRequest, GssRequest, CancelRequest, StartupPacket,
               BadPacket>
      value;
  /// How many bytes it took; 0 with NeedMore and BadPacket.
  size_t size = 0;
};

/// Reads the packet that `bytes` begin with. A length that cannot be is known
/// from the first four bytes, a TLS handshake without a wish from the first.
FirstPacket ReadFirstPacket(std::string_view bytes);

std::string MakeSslRequest();
std::string MakeCancelRequest(uint32_t pid, std::string_view key);
/// Names and values must hold no zero.
std::string MakeStartup(uint32_t minor, const Parameters& parameters);

}  // namespace claviger::postgres
