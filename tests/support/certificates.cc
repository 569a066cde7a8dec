// SPDX-License-Identifier: Apache-2.0

#include "support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace claviger::testing {
namespace {

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Extension =
    std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

tl::unexpected<Error> OpensslFailed(const char* what) {
  return Fail(ErrorCode::kInternal, std::string("OpenSSL: ") + what);
}

std::string Text(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string PrivatePem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                           nullptr);
  return Text(bio.get());
}

std::string PublicPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key);
  return Text(bio.get());
}

std::string CertificatePem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return Text(bio.get());
}

Key MakeKey() { return Key(EVP_EC_gen("P-256")); }

bool AddName(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(
             name, field, MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(value.data()),
             static_cast<int>(value.size()), -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr &&
         X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetRandomSerial(X509* certificate) {
  std::array<unsigned char, 8> bytes{};
  uint64_t serial = 0;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return false;
  }
  for (const unsigned char byte : bytes) {
    serial = (serial << 8U) | byte;
  }
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
                                 serial >> 1U) == 1;
}

/// A certificate for `key` that has everything but extensions and signature.
Certificate Begin(const CertificateWish& wish, EVP_PKEY* key) {
  constexpr long kHour = 3600;
  Certificate certificate(X509_new());
  if (certificate == nullptr ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !SetRandomSerial(certificate.get()) ||
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour) ==
          nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * kHour) ==
          nullptr ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  bool ok = AddName(subject, "CN", wish.common_name);
  for (const std::string& organization : wish.organizations) {
    ok = ok && AddName(subject, "O", organization);
  }
  return ok ? std::move(certificate) : nullptr;
}

std::string AlternativeNames(const CertificateWish& wish) {
  std::string names;
  for (const std::string& name : wish.dns_names) {
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : wish.ip_addresses) {
    names += (names.empty() ? "IP:" : ",IP:") + address;
  }
  return names;
}

bool Sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ==
             1 &&
         AddExtension(certificate, issuer, NID_subject_key_identifier,
                      "hash") &&
         AddExtension(certificate, issuer, NID_authority_key_identifier,
                      "keyid") &&
         X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

}  // namespace

Result<SigningKey> MakeSigningKey() {
  const Key key = MakeKey();
  if (key == nullptr) {
    return OpensslFailed("no key");
  }
  return SigningKey{PrivatePem(key.get()), PublicPem(key.get())};
}

struct CertificateAuthority::Parts {
  Key key;
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)),
      certificate_pem_(CertificatePem(parts_->certificate.get())) {}
CertificateAuthority::~CertificateAuthority() = default;
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept =
    default;
CertificateAuthority& CertificateAuthority::operator=(
    CertificateAuthority&&) noexcept = default;

Result<CertificateAuthority> CertificateAuthority::Create(
    const std::string& common_name) {
  auto parts = std::make_unique<Parts>();
  parts->key = MakeKey();
  if (parts->key == nullptr) {
    return OpensslFailed("no key");
  }
  parts->certificate = Begin({.common_name = common_name,
                              .organizations = {},
                              .dns_names = {},
                              .ip_addresses = {}},
                             parts->key.get());
  X509* certificate = parts->certificate.get();
  if (certificate == nullptr ||
      !AddExtension(certificate, certificate, NID_basic_constraints,
                    "critical,CA:TRUE") ||
      !AddExtension(certificate, certificate, NID_key_usage,
                    "critical,keyCertSign,cRLSign,digitalSignature") ||
      !Sign(certificate, certificate, parts->key.get())) {
    return OpensslFailed("no authority certificate");
  }
  return CertificateAuthority(std::move(parts));
}

Result<IssuedCertificate> CertificateAuthority::Issue(
    const CertificateWish& wish) const {
  const Key key = MakeKey();
  if (key == nullptr) {
    return OpensslFailed("no key");
  }
  const Certificate certificate = Begin(wish, key.get());
  X509* issuer = parts_->certificate.get();
  const std::string names = AlternativeNames(wish);
  if (certificate == nullptr ||
      !AddExtension(certificate.get(), issuer, NID_basic_constraints,
                    "critical,CA:FALSE") ||
      !AddExtension(certificate.get(), issuer, NID_key_usage,
                    "critical,digitalSignature") ||
      !AddExtension(certificate.get(), issuer, NID_ext_key_usage,
                    "serverAuth,clientAuth") ||
      (!names.empty() &&
       !AddExtension(certificate.get(), issuer, NID_subject_alt_name, names)) ||
      !Sign(certificate.get(), issuer, parts_->key.get())) {
    return OpensslFailed("no certificate");
  }
  return IssuedCertificate{CertificatePem(certificate.get()),
                           PrivatePem(key.get())};
}

Result<IssuedCertificate> CertificateAuthority::IssueForLoopback() const {
  return Issue({.common_name = "localhost",
                .organizations = {},
                .dns_names = {"localhost"},
                .ip_addresses = {"127.0.0.1", "::1"}});
}

}  // namespace claviger::testing
