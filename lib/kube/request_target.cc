// SPDX-License-Identifier: Apache-2.0
#include "kube/request_target.h"

#include <string_view>

namespace claviger::kube {
namespace {

std::string Encode(std::string_view text) {
  static const char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
                       c == '.' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return encoded;
}

}  // namespace

std::string TargetOf(const Request& request) {
  std::string target;
  for (const std::string& segment : request.path) {
    target += "/" + Encode(segment);
  }
  char separator = '?';
  for (const auto& [key, value] : request.query) {
    target += separator + Encode(key) + "=" + Encode(value);
    separator = '&';
  }
  return target;
}

}  // namespace claviger::kube
