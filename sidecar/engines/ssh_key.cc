// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/ssh_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/digest.h"
#include "sidecar/engines/ssh_wire.h"

namespace claviger::sidecar {
namespace {

constexpr std::string_view kKeyType = "ssh-ed25519";
constexpr std::string_view kCertificateType =
    "ssh-ed25519-cert-v01@openssh.com";
constexpr size_t kHalf = 32;
constexpr size_t kBlock = 8;  // of the cipher "none"
constexpr size_t kLine = 70;
constexpr size_t kMaxPrincipals = 256;  // OpenSSH's own bound
constexpr size_t kMaxCertificate = size_t{64} << 10U;
constexpr uint32_t kUserCertificate = 1;
constexpr uint64_t kYear9999 = 253'402'300'799;

// The public half of `seed`; empty where OpenSSL refuses.
std::string PublicHalf(std::string_view seed) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(
          EVP_PKEY_ED25519, nullptr,
          reinterpret_cast<const unsigned char*>(seed.data()), seed.size()),
      &EVP_PKEY_free);
  std::array<unsigned char, kHalf> half{};
  size_t size = half.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) != 1) {
    return "";
  }
  return {reinterpret_cast<const char*>(half.data()), size};
}

std::string PublicPart(std::string_view half) {
  SshWriter part;
  part.Text(kKeyType);
  part.Text(half);
  return part.Take();
}

// The two equal numbers show a reader that it deciphered well; with the cipher
// "none" they only have to be equal.
std::string PrivatePart(std::string_view seed, std::string_view half,
                        std::string_view check) {
  SshWriter part;
  part.Raw(check);
  part.Raw(check);
  part.Text(kKeyType);
  part.Text(half);
  std::string both(seed);
  both.reserve(2 * kHalf);
  both.append(half);
  part.Text(both);
  WipeString(both);
  part.Text("");  // no comment
  for (char pad = 1; part.size() % kBlock != 0; ++pad) part.Raw({&pad, 1});
  return part.Take();
}

Secret Armoured(std::string base64) {
  static constexpr std::string_view kBegin =
      "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  static constexpr std::string_view kEnd =
      "-----END OPENSSH PRIVATE KEY-----\n";
  std::string text;
  text.reserve(kBegin.size() + kEnd.size() + 2 * base64.size());
  text.append(kBegin);
  for (size_t at = 0; at < base64.size(); at += kLine) {
    text.append(base64, at, kLine).push_back('\n');
  }
  text.append(kEnd);
  WipeString(base64);
  return Secret(std::move(text));
}

std::string PrivateKeyFile(std::string_view public_part,
                           std::string private_part) {
  SshWriter file;
  file.Raw({"openssh-key-v1\0", 15});
  file.Text("none");  // cipher
  file.Text("none");  // kdf
  file.Text("");      // its options
  file.Number32(1);   // keys
  file.Text(public_part);
  file.Text(private_part);
  WipeString(private_part);
  std::string bytes = file.Take();
  std::string base64 = Base64Encode(bytes);
  WipeString(bytes);
  return base64;
}

// The bytes of "type base64 [comment]".
std::optional<std::string> BlobOf(std::string_view line) {
  if (line.size() > kMaxCertificate) return std::nullopt;
  if (line.substr(0, kCertificateType.size()) != kCertificateType) {
    return std::nullopt;
  }
  line.remove_prefix(kCertificateType.size());
  if (line.empty() || line.front() != ' ') return std::nullopt;
  line.remove_prefix(1);
  std::string base64(line.substr(0, line.find_first_of(" \r\n")));
  while (!base64.empty() && base64.back() == '=') base64.pop_back();
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  Result<std::string> blob = Base64UrlDecode(base64);
  if (!blob) return std::nullopt;
  return *std::move(blob);
}

std::optional<std::vector<std::string>> PrincipalsIn(std::string_view packed) {
  std::vector<std::string> principals;
  SshReader reader(packed);
  while (!reader.AtEnd()) {
    const std::optional<std::string_view> name = reader.Text();
    if (!name || principals.size() == kMaxPrincipals) return std::nullopt;
    principals.emplace_back(*name);
  }
  return principals;
}

Error NoCertificate(const char* why) {
  Error error;
  error.code = ErrorCode::kMalformed;
  error.message = std::string("the signed key is ") + why;
  return error;
}

}  // namespace

Result<SshKey> MakeSshKey(Random& random) {
  std::string seed = random.Bytes(kHalf);
  const std::string half = PublicHalf(seed);
  if (half.size() != kHalf) {
    WipeString(seed);
    return Fail(ErrorCode::kInternal, "make an Ed25519 key");
  }
  const std::string part = PublicPart(half);
  SshKey key;
  key.public_blob = half;
  key.public_line = std::string(kKeyType) + " " + Base64Encode(part);
  key.private_key =
      Armoured(PrivateKeyFile(part, PrivatePart(seed, half, random.Bytes(4))));
  WipeString(seed);
  return key;
}

Result<SshCertificate> ReadSshCertificate(std::string_view line,
                                          const SshKey& key) {
  const std::optional<std::string> blob = BlobOf(line);
  if (!blob) return Fail(NoCertificate("no certificate for an Ed25519 key"));
  SshReader reader(*blob);
  const auto type = reader.Text();
  const auto nonce = reader.Text();
  const auto half = reader.Text();
  const auto serial = reader.Number64();
  const auto kind = reader.Number32();
  const auto id = reader.Text();
  const auto packed = reader.Text();
  const auto after = reader.Number64();
  const auto before = reader.Number64();
  if (!type || !nonce || !half || !serial || !kind || !id || !packed ||
      !after || !before || *type != kCertificateType) {
    return Fail(NoCertificate("cut off, or no certificate"));
  }
  if (*half != key.public_blob) {
    return Fail(NoCertificate("a certificate for another key"));
  }
  if (*kind != kUserCertificate) {
    return Fail(NoCertificate("a certificate for hosts"));
  }
  if (*before > kYear9999) {
    return Fail(NoCertificate("a certificate without an end"));
  }
  auto principals = PrincipalsIn(*packed);
  if (!principals) return Fail(NoCertificate("without readable principals"));
  return SshCertificate{
      std::move(*principals),
      Time(std::chrono::seconds(static_cast<int64_t>(*before)))};
}

}  // namespace claviger::sidecar
