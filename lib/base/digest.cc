// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

namespace claviger {
namespace {

using Sha256Bytes = std::array<unsigned char, 32>;

std::string Hex(const unsigned char* bytes, size_t count) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(count * 2);
  for (size_t i = 0; i < count; ++i) {
    out.push_back(kDigits[bytes[i] >> 4U]);
    out.push_back(kDigits[bytes[i] & 0x0FU]);
  }
  return out;
}

std::string EncodeBase64(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(alphabet[(bits >> static_cast<unsigned>(held)) & 0x3FU]);
    }
  }
  if (held > 0) {
    out.push_back(alphabet[(bits << static_cast<unsigned>(6 - held)) & 0x3FU]);
  }
  return out;
}

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  Sha256Bytes digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(),
             nullptr);
  return Hex(digest.data(), digest.size());
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) {
  Sha256Bytes digest{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
       digest.data(), nullptr);
  return Hex(digest.data(), digest.size());
}

std::string UuidV5(std::string_view name) {
  // The project's namespace: itself a fixed random UUID, in network order.
  static constexpr std::array<unsigned char, 16> kNamespace = {
      0x6b, 0x1f, 0x3c, 0x0e, 0x52, 0x7a, 0x4d, 0x19,
      0x9e, 0x44, 0xc1, 0x0a, 0x7d, 0x93, 0x25, 0xb8};
  std::string input(reinterpret_cast<const char*>(kNamespace.data()),
                    kNamespace.size());
  input.append(name);
  std::array<unsigned char, 20> digest{};
  EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha1(),
             nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0FU) | 0x50U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3FU) | 0x80U);
  std::string hex = Hex(digest.data(), 16);
  for (const size_t dash : {20U, 16U, 12U, 8U}) hex.insert(dash, 1, '-');
  return hex;
}

std::string Base64Encode(std::string_view bytes) {
  std::string out = EncodeBase64(bytes, kStandard);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::string Base64UrlEncode(std::string_view bytes) {
  return EncodeBase64(bytes, kUrlSafe);
}

Result<std::string> Base64UrlDecode(std::string_view text) {
  const auto wrong = [] {
    return Fail(ErrorCode::kInvalidArgument, "not base64url");
  };
  if (text.size() % 4 == 1) return wrong();
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const size_t value = kUrlSafe.find(c);
    if (value == std::string_view::npos) return wrong();
    bits = (bits << 6U) | static_cast<uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(
        static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU));
  }
  return out;
}

}  // namespace claviger
