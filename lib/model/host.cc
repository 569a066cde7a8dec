// SPDX-License-Identifier: Apache-2.0
#include "model/host.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

#include "base/names.h"

namespace claviger::model {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsAlnum(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// An IPv4 address in IPv6 clothes passes by whoever looks for the former.
bool IsMapped(const unsigned char* address) {
  static constexpr unsigned char kPrefix[] = {0, 0, 0, 0, 0,    0,
                                              0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(std::begin(kPrefix), std::end(kPrefix), address);
}

bool IsAddress(int family, std::string_view text) {
  unsigned char address[16];
  return text.size() < INET6_ADDRSTRLEN &&
         inet_pton(family, std::string(text).c_str(), address) == 1 &&
         (family == AF_INET || !IsMapped(address));
}

// Resolvers take a last label of digits, or of hexadecimal ones, for a part of
// an address: 2130706433 is 127.0.0.1 to them.
bool LooksNumeric(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return last.substr(0, 2) == "0x" ||
         std::all_of(last.begin(), last.end(), IsDigit);
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return false;
  int port = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    port = port * 10 + (c - '0');
  }
  return port <= 65535;
}

bool IsBase64Text(char c) {
  return IsAlnum(c) || c == '+' || c == '/' || c == '=' || c == '\n' ||
         c == '\r';
}

std::string_view SkipSpace(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? "" : text.substr(start);
}

}  // namespace

bool IsHost(std::string_view text) {
  if (IsAddress(AF_INET, text) || IsAddress(AF_INET6, text)) return true;
  return IsDnsSubdomain(text) && !LooksNumeric(text);
}

bool IsHostWithPort(std::string_view text) {
  if (IsHost(text)) return true;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (!IsPort(text.substr(colon + 1))) return false;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return IsAddress(AF_INET6, host.substr(1, host.size() - 2));
  }
  return IsHost(host) && !IsAddress(AF_INET6, host);
}

bool IsUrlPath(std::string_view text) {
  if (text.empty() || text[0] != '/') return false;
  if (text.find("//") != std::string_view::npos ||
      text.find("..") != std::string_view::npos ||
      text.find("/./") != std::string_view::npos ||
      (text.size() > 1 && text.substr(text.size() - 2) == "/.")) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlnum(c) ||
           std::string_view("/._~-:@=,").find(c) != std::string_view::npos;
  });
}

bool IsHttps(std::string_view url) { return url.substr(0, 8) == "https://"; }

std::optional<std::string> FindUrlFault(std::string_view url) {
  if (!IsHttps(url) && url.substr(0, 7) != "http://") {
    return "does not begin with https://";
  }
  const std::string_view rest = url.substr(url.find("//") + 2);
  const size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (rest.find('#') != std::string_view::npos) return "has a fragment";
  if (rest.find('?') != std::string_view::npos) return "has a query";
  if (authority.find('@') != std::string_view::npos) {
    return "has user information";
  }
  const bool bracketed = !authority.empty() && authority.back() == ']';
  // A bare IPv6 address is ambiguous in a URL: brackets it needs.
  if (IsAddress(AF_INET6, authority) ||
      !(bracketed ? IsHostWithPort(std::string(authority) + ":1")
                  : IsHostWithPort(authority))) {
    return "has no valid host and port";
  }
  if (slash != std::string_view::npos && !IsUrlPath(rest.substr(slash))) {
    return "has a path with characters that are not accepted";
  }
  return std::nullopt;
}

std::optional<std::string> FindPemFault(std::string_view pem) {
  std::string_view rest = SkipSpace(pem);
  if (rest.empty()) return "holds no certificate";
  while (!rest.empty()) {
    if (rest.substr(0, kCertificate.size()) != kCertificate) {
      return rest.substr(0, kBegin.size()) == kBegin
                 ? "holds something other than certificates"
                 : "is not PEM";
    }
    rest.remove_prefix(kCertificate.size());
    const size_t end = rest.find(kEnd);
    if (end == std::string_view::npos) return "has a certificate without end";
    const std::string_view body = rest.substr(0, end);
    if (SkipSpace(body).empty() ||
        !std::all_of(body.begin(), body.end(), IsBase64Text)) {
      return "has a certificate that is not base64";
    }
    rest = SkipSpace(rest.substr(end + kEnd.size()));
  }
  return std::nullopt;
}

}  // namespace claviger::model
