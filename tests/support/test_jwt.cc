// SPDX-License-Identifier: Apache-2.0
#include "support/test_jwt.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace claviger::testing {
namespace {

// A test cannot go on without its key.
void Need(bool fine) {
  if (!fine) std::abort();
}

std::string PublicPem(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()),
                                                      BIO_free);
  Need(PEM_write_bio_PUBKEY(out.get(), key) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

// JWS wants r and s at fixed width, OpenSSL gives their DER sequence.
std::string RawEcdsa(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
      d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())),
      ECDSA_SIG_free);
  Need(signature != nullptr);
  std::string raw(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + 32, 32);
  return raw;
}

std::string Encode(const nlohmann::json& part) {
  return Base64UrlEncode(part.dump());
}

}  // namespace

struct JwtSigner::Key {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> value{nullptr,
                                                            EVP_PKEY_free};
};

JwtSigner::JwtSigner(JwtAlgorithm algorithm)
    : algorithm_(algorithm), key_(std::make_unique<Key>()) {
  key_->value.reset(algorithm == JwtAlgorithm::kEs256 ? EVP_EC_gen("P-256")
                                                      : EVP_RSA_gen(2048));
  Need(key_->value != nullptr);
  public_pem_ = PublicPem(key_->value.get());
}

JwtSigner::~JwtSigner() = default;

std::string JwtSigner::Sign(const nlohmann::json& claims) const {
  const bool elliptic = algorithm_ == JwtAlgorithm::kEs256;
  return SignWithHeader({{"alg", elliptic ? "ES256" : "RS256"}, {"typ", "JWT"}},
                        claims);
}

std::string JwtSigner::SignWithHeader(const nlohmann::json& header,
                                      const nlohmann::json& claims) const {
  const std::string signed_part = Encode(header) + "." + Encode(claims);
  const auto* bytes =
      reinterpret_cast<const unsigned char*>(signed_part.data());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Need(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                          key_->value.get()) == 1);
  size_t size = 0;
  Need(EVP_DigestSign(context.get(), nullptr, &size, bytes,
                      signed_part.size()) == 1);
  std::string signature(size, '\0');
  Need(EVP_DigestSign(context.get(),
                      reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes, signed_part.size()) == 1);
  signature.resize(size);
  if (algorithm_ == JwtAlgorithm::kEs256) signature = RawEcdsa(signature);
  return signed_part + "." + Base64UrlEncode(signature);
}

std::string UnsignedJwt(const nlohmann::json& claims) {
  return Encode({{"alg", "none"}, {"typ", "JWT"}}) + "." + Encode(claims) + ".";
}

}  // namespace claviger::testing
