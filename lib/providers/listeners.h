// SPDX-License-Identifier: Apache-2.0
//
// The listeners of server-side-only connections that a pod asks for: which
// protocol is spoken there, and how a wish is written ("sales/api=http:9821"),
// the same in the injector's argument and in a sidecar's configuration. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/object.h"

namespace claviger::providers {

enum class Protocol { kHttp, kPostgres };
std::string_view ToString(Protocol protocol);  // "http", "postgres"

/// What the sidecar speaks on behalf of a provider; none: it cannot.
std::optional<Protocol> ProtocolOf(std::string_view provider);

struct ListenWish {
  model::ObjectRef connection;
  Protocol protocol = Protocol::kHttp;
  /// Also on this port of 127.0.0.1; 0: any free one.
  std::optional<uint16_t> port;
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const ListenWish&) const = default;
};
std::string ToString(const ListenWish& wish);

/// "sales/api=http:9821, sales/dw=postgres": sorted, each connection once, at
/// most 64 and 16 KiB. kInvalidArgument says what to write.
inline constexpr size_t kMaxListenWishes = 64;
Result<std::vector<ListenWish>> ParseListenWishes(std::string_view text);
/// What ParseListenWishes reads, without spaces.
std::string ToString(std::span<const ListenWish> wishes);

/// Where the socket of a wish is, below `directory`:
/// "<namespace>.<name>/http.sock", or as PostgreSQL's clients look for it,
/// "<namespace>.<name>/.s.PGSQL.5432". Empty where that is longer than a
/// socket's path can be (107 bytes): then there is none.
std::string SocketOf(std::string_view directory, const ListenWish& wish);

}  // namespace claviger::providers
