// SPDX-License-Identifier: Apache-2.0
#include "access/push_document.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_member.h"
#include "base/names.h"

namespace claviger::access {
namespace {

using nlohmann::json;

constexpr size_t kMaxAuthorities = size_t{64} << 10U;
constexpr JsonLimits kLimits{size_t{128} << 10U, 4, 32};

bool IsIp(const std::string& text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, text.c_str(), address.data()) == 1;
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !IsPort(text.substr(colon + 1))) {
    return false;
  }
  std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return IsIp(std::string(host), AF_INET);
  if (!host.ends_with(']')) return false;
  host = host.substr(1, host.size() - 2);
  return IsIp(std::string(host), AF_INET6);
}

}  // namespace

std::string PushPathOf(std::string_view cluster) {
  return std::string(cluster) + "/ledger/push";
}

Result<std::string> PushAddress(std::string_view ip, uint16_t port) {
  const std::string host(ip);
  const std::string behind = ":" + std::to_string(port);
  if (port > 0 && IsIp(host, AF_INET)) return host + behind;
  if (port > 0 && IsIp(host, AF_INET6)) return "[" + host + "]" + behind;
  return Fail(ErrorCode::kInvalidArgument, "not an IP address and a port");
}

std::string EncodePush(std::string_view cluster, const PushDocument& document) {
  return DumpJson(
      json{{"stamp", {{"by", "claviger"}, {"cluster", cluster}, {"format", 1}}},
           {"address", document.address},
           {"serverName", document.server_name},
           {"authorities", document.authorities}});
}

Result<PushDocument> DecodePush(std::string_view cluster,
                                std::string_view text) {
  const Result<json> tree = ParseJson(text, kLimits);
  if (!tree) return Fail(tree.error(), "push document");
  PushDocument document;
  document.address = TextAt(*tree, "address");
  document.server_name = TextAt(*tree, "serverName");
  document.authorities = TextAt(*tree, "authorities");
  const bool good = TextAtPath(*tree, "/stamp/cluster") == cluster &&
                    IsAddress(document.address) &&
                    IsDnsSubdomain(document.server_name) &&
                    !document.authorities.empty() &&
                    document.authorities.size() <= kMaxAuthorities;
  if (good) return document;
  return Fail(ErrorCode::kMalformed,
              "push document is not one of this cluster");
}

}  // namespace claviger::access
