// SPDX-License-Identifier: Apache-2.0
#include "dev/jws.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr size_t kMaxTokenBytes = size_t{16} * 1024;
constexpr int kMinRsaBits = 2048;
constexpr int kHalf = 32;  // of an ES256 signature

template <typename T, void (*Free)(T*)>
struct Freer {
  void operator()(T* object) const { Free(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using DigestPtr =
    std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX, EVP_MD_CTX_free>>;
using SignaturePtr =
    std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG, ECDSA_SIG_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO, BIO_free_all>>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// JOSE writes r and s side by side, OpenSSL wants them in DER.
std::string ToDer(std::string_view raw) {
  const SignaturePtr signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(Bytes(raw), kHalf, nullptr),
                 BN_bin2bn(Bytes(raw) + kHalf, kHalf, nullptr));
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  std::string der(static_cast<size_t>(std::max(size, 0)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

std::string ToRaw(std::string_view der) {
  const unsigned char* in = Bytes(der);
  const SignaturePtr signature(
      d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  std::string raw(size_t{2} * kHalf, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kHalf, kHalf);
  return raw;
}

KeyPtr ReadPublicKey(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key) return key;
  const BioPtr again(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const CertificatePtr certificate(
      PEM_read_bio_X509(again.get(), nullptr, nullptr, nullptr));
  return KeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

bool IsP256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  size_t size = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == "prime256v1";
}

}  // namespace

struct JwsKey::Handle {
  KeyPtr key;
  std::string_view algorithm;
};

Result<JwsKey> JwsKey::Generate() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return Fail(ErrorCode::kInternal, "cannot generate a signing key");
  return JwsKey(
      std::make_shared<const Handle>(Handle{std::move(key), "ES256"}));
}

Result<JwsKey> JwsKey::FromPem(std::string_view pem) {
  KeyPtr key = ReadPublicKey(pem);
  if (key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA &&
      EVP_PKEY_get_bits(key.get()) >= kMinRsaBits) {
    return JwsKey(
        std::make_shared<const Handle>(Handle{std::move(key), "RS256"}));
  }
  if (key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
      IsP256(key.get())) {
    return JwsKey(
        std::make_shared<const Handle>(Handle{std::move(key), "ES256"}));
  }
  return Fail(ErrorCode::kInvalidArgument,
              "data does not contain any valid public keys");
}

std::string JwsKey::PublicPem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), handle_->key.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

Result<std::string> JwsKey::Sign(const json& claims) const {
  std::string input =
      Base64UrlEncode(DumpJson(json{{"alg", "ES256"}, {"typ", "JWT"}})) + "." +
      Base64UrlEncode(DumpJson(claims));
  const DigestPtr context(EVP_MD_CTX_new());
  size_t size = 0;
  std::string der;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                         handle_->key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, Bytes(input),
                     input.size()) == 1) {
    der.resize(size);
    if (EVP_DigestSign(context.get(),
                       reinterpret_cast<unsigned char*>(der.data()), &size,
                       Bytes(input), input.size()) == 1) {
      der.resize(size);
      return input + "." + Base64UrlEncode(ToRaw(der));
    }
  }
  return Fail(ErrorCode::kInternal, "cannot sign a token");
}

bool JwsKey::Verifies(std::string_view algorithm,
                      std::string_view signing_input,
                      std::string_view signature) const {
  if (algorithm != handle_->algorithm) return false;
  std::string der(signature);
  if (algorithm == "ES256") {
    if (signature.size() != size_t{2} * kHalf) return false;
    der = ToDer(signature);
  }
  const DigestPtr context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                              handle_->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(der), der.size(),
                          Bytes(signing_input), signing_input.size()) == 1;
}

Result<json> VerifyJws(std::string_view token,
                       const std::vector<JwsKey>& keys) {
  const auto malformed = Fail(ErrorCode::kMalformed, "not a signed token");
  const size_t first = token.find('.');
  const size_t second = token.find('.', first + 1);
  if (token.size() > kMaxTokenBytes || second == std::string_view::npos ||
      token.find('.', second + 1) != std::string_view::npos) {
    return malformed;
  }
  const auto header_text = Base64UrlDecode(token.substr(0, first));
  const auto payload =
      Base64UrlDecode(token.substr(first + 1, second - first - 1));
  const auto signature = Base64UrlDecode(token.substr(second + 1));
  if (!header_text || !payload || !signature) return malformed;
  const auto header = ParseJson(*header_text, {.max_depth = 4});
  if (!header || !header->is_object() || header->contains("crit") ||
      !header->contains("alg") || !header->at("alg").is_string()) {
    return malformed;
  }
  const auto& algorithm = header->at("alg").get_ref<const std::string&>();
  const bool good =
      std::any_of(keys.begin(), keys.end(), [&](const JwsKey& key) {
        return key.Verifies(algorithm, token.substr(0, second), *signature);
      });
  if (!good) {
    return Fail(ErrorCode::kUnauthenticated,
                "no known key successfully validated the token signature");
  }
  auto claims = ParseJson(*payload, {.max_depth = 16});
  if (!claims || !claims->is_object()) return malformed;
  return claims;
}

}  // namespace claviger::dev
