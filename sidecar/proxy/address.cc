// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kMaxText = 45;

struct Kind {
  std::string_view range;
  std::string_view fault;
};
// Embedded v4 addresses (NAT64, 6to4, Teredo, IPv4-compatible) would reach
// through to what the v4 rows refuse.
constexpr std::array<Kind, 15> kKinds = {{
    {"0.0.0.0/8", "unspecified"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved"},
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"::/96", "reserved"},
    {"64:ff9b::/96", "reserved"},
    {"64:ff9b:1::/48", "reserved"},
    {"2001::/32", "reserved"},
    {"2002::/16", "reserved"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "link-local"},
    {"ff00::/8", "multicast"},
}};
// Where clouds put the metadata of a node outside of link-local.
constexpr std::array<std::string_view, 2> kMetadata = {"fd00:ec2::254/128",
                                                       "100.100.100.200/32"};

bool IsMapped(const std::array<uint8_t, 16>& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10,
                     [](uint8_t byte) { return byte == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

struct JudgedRange {
  AddressRange range;
  std::string_view fault;
};

const std::vector<JudgedRange>& OwnRules() {
  static const std::vector<JudgedRange> kRules = [] {
    std::vector<JudgedRange> rules;
    for (const Kind& kind : kKinds) {
      rules.push_back({*ParseAddressRange(kind.range), kind.fault});
    }
    for (const std::string_view range : kMetadata) {
      rules.push_back({*ParseAddressRange(range), "link-local"});
    }
    return rules;
  }();
  return kRules;
}

bool IsIn(const std::vector<AddressRange>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return range.Contains(address);
  });
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  if (text.empty() || text.size() > kMaxText) return std::nullopt;
  const std::string ended(text);
  IpAddress address;
  if (inet_pton(AF_INET, ended.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  address = {};
  if (inet_pton(AF_INET6, ended.c_str(), address.bytes.data()) != 1) {
    return std::nullopt;
  }
  address.v4 = false;
  if (!IsMapped(address.bytes)) return address;
  IpAddress mapped;
  std::memcpy(mapped.bytes.data(), address.bytes.data() + 12, 4);
  return mapped;
}

std::string ToString(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(),
            text.size());
  return text.data();
}

bool AddressRange::Contains(const IpAddress& address) const {
  if (address.v4 != base.v4) return false;
  const auto whole = static_cast<size_t>(bits) / 8;
  if (std::memcmp(address.bytes.data(), base.bytes.data(), whole) != 0) {
    return false;
  }
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask =
      static_cast<uint8_t>(0xff00U >> static_cast<unsigned>(rest));
  return (address.bytes[whole] & mask) == (base.bytes[whole] & mask);
}

Result<AddressRange> ParseAddressRange(std::string_view text) {
  const size_t slash = text.find('/');
  const auto base = ParseIpAddress(text.substr(0, slash));
  // A range of mapped addresses would not mean what it says.
  const bool mapped = base && base->v4 && text.find(':') != text.npos;
  AddressRange range;
  if (base && !mapped) {
    range.base = *base;
    range.bits = base->v4 ? 32 : 128;
    if (slash == std::string_view::npos) return range;
    const std::string_view digits = text.substr(slash + 1);
    int bits = -1;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool whole = error == std::errc() &&
                       end == digits.data() + digits.size() &&
                       digits.front() != '-';
    if (whole && bits >= 0 && bits <= range.bits) {
      range.bits = bits;
      return range;
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              "not an address or a range of addresses; write it like "
              "10.0.0.0/8");
}

std::optional<std::string_view> FindAddressFault(const IpAddress& address,
                                                 const AddressRules& rules) {
  if (IsIn(rules.refused, address)) return "refused by the configuration";
  if (IsIn(rules.allowed, address)) return std::nullopt;
  for (const JudgedRange& rule : OwnRules()) {
    if (rule.range.Contains(address)) return rule.fault;
  }
  return std::nullopt;
}

}  // namespace claviger::sidecar::proxy
