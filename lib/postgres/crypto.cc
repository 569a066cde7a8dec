// SPDX-License-Identifier: Apache-2.0
#include "postgres/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace claviger::postgres {
namespace {

constexpr size_t kSha256Bytes = 32;

unsigned char* Into(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

const unsigned char* Bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  EVP_Digest(bytes.data(), bytes.size(), Into(digest), nullptr, EVP_sha256(),
             nullptr);
  return digest;
}

Secret HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(bytes),
       bytes.size(), Into(digest), nullptr);
  return Secret(std::move(digest));
}

Secret Pbkdf2(std::string_view password, std::string_view salt,
              int iterations) {
  std::string key(kSha256Bytes, '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    Bytes(salt), static_cast<int>(salt.size()), iterations,
                    EVP_sha256(), static_cast<int>(key.size()), Into(key));
  return Secret(std::move(key));
}

Secret Md5Hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 16> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(),
                 nullptr) != 1) {
    return {};
  }
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 0x0FU]);
  }
  return Secret(std::move(hex));
}

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  // What OpenSSL would pass over.
  const size_t end = text.find_last_not_of('=') + 1;
  const size_t padding = text.size() - end;
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (padding > 2 || text.substr(0, end).find_first_not_of(kAlphabet) !=
                         std::string_view::npos) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(Into(bytes), Bytes(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

}  // namespace claviger::postgres
