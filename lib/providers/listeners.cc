// SPDX-License-Identifier: Apache-2.0
#include "providers/listeners.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/names.h"
#include "providers/catalogue.h"

namespace claviger::providers {
namespace {

constexpr size_t kMaxText = size_t{16} * 1024;
constexpr size_t kMaxSocketPath = 107;  // what sockaddr_un holds

tl::unexpected<Error> Refuse(std::string what) {
  return Fail(ErrorCode::kInvalidArgument, std::move(what));
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<uint16_t> ParsePort(std::string_view digits) {
  uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return port;
}

Result<ListenWish> ParseOne(std::string_view text) {
  constexpr const char* kHow =
      "write listeners as namespace/name=http, =http:9821, =postgres or "
      "=postgres:9822, separated by commas";
  const size_t slash = text.find('/');
  const size_t equals = text.find('=');
  if (slash == std::string_view::npos || equals == std::string_view::npos ||
      equals < slash) {
    return Refuse(kHow);
  }
  ListenWish wish;
  wish.connection.ns = text.substr(0, slash);
  wish.connection.name = text.substr(slash + 1, equals - slash - 1);
  if (!IsDnsLabel(wish.connection.ns) ||
      !IsDnsSubdomain(wish.connection.name)) {
    return Refuse(kHow);
  }
  const std::string_view rest = text.substr(equals + 1);
  const size_t colon = rest.find(':');
  const std::string_view protocol = rest.substr(0, colon);
  if (protocol == "postgres") {
    wish.protocol = Protocol::kPostgres;
  } else if (protocol != "http") {
    return Refuse(kHow);
  }
  if (colon == std::string_view::npos) return wish;
  wish.port = ParsePort(rest.substr(colon + 1));
  if (!wish.port) return Refuse(kHow);
  return wish;
}

}  // namespace

std::string_view ToString(Protocol protocol) {
  return protocol == Protocol::kHttp ? "http" : "postgres";
}

std::optional<Protocol> ProtocolOf(std::string_view provider) {
  if (provider == "postgresql" || provider == "redshift") {
    return Protocol::kPostgres;
  }
  const Provider* known = Find(provider);
  const bool http = known != nullptr && known->has_injector &&
                    known->family == EndpointFamily::kUrl;
  return http ? std::optional(Protocol::kHttp) : std::nullopt;
}

std::string ToString(const ListenWish& wish) {
  std::string text = model::ToString(wish.connection);
  text.append("=").append(ToString(wish.protocol));
  if (wish.port) text.append(":").append(std::to_string(*wish.port));
  return text;
}

Result<std::vector<ListenWish>> ParseListenWishes(std::string_view text) {
  if (text.size() > kMaxText) return Refuse("more than 16 KiB of listeners");
  std::vector<ListenWish> wishes;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view one = Trim(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size()
                                                       : comma + 1);
    if (one.empty()) continue;
    auto wish = ParseOne(one);
    if (!wish) return Fail(wish.error());
    wishes.push_back(*std::move(wish));
  }
  if (wishes.size() > kMaxListenWishes) {
    return Refuse("more than " + std::to_string(kMaxListenWishes) +
                  " listeners");
  }
  std::sort(wishes.begin(), wishes.end());
  const auto twice = std::adjacent_find(wishes.begin(), wishes.end(),
                                        [](const auto& a, const auto& b) {
                                          return a.connection == b.connection;
                                        });
  if (twice != wishes.end()) {
    return Refuse(model::ToString(twice->connection) + " is named twice");
  }
  return wishes;
}

std::string ToString(std::span<const ListenWish> wishes) {
  std::string text;
  for (const ListenWish& wish : wishes) {
    if (!text.empty()) text += ",";
    text += ToString(wish);
  }
  return text;
}

std::string SocketOf(std::string_view directory, const ListenWish& wish) {
  std::string path(directory);
  path.append("/").append(wish.connection.ns).append(".");
  path.append(wish.connection.name);
  path.append(wish.protocol == Protocol::kHttp ? "/http.sock"
                                               : "/.s.PGSQL.5432");
  if (path.size() > kMaxSocketPath) path.clear();
  return path;
}

}  // namespace claviger::providers
