// SPDX-License-Identifier: Apache-2.0
#include "http/tls_trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/file.h"

namespace claviger::http {
namespace {

constexpr size_t kMaxCaBytes = size_t{4} << 20U;

std::shared_ptr<X509_STORE> NewStore() {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  // An intermediate in the file is enough to trust what it signed.
  X509_STORE_set_flags(store.get(),
                       X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

// The number of certificates added; nullopt when one of them is broken.
std::optional<int> AddCertificates(const std::string& pem, X509_STORE* store) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  for (int count = 0;; ++count) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr),
        X509_free);
    if (!certificate) {
      const unsigned long error = ERR_peek_last_error();
      ERR_clear_error();
      // "No further PEM block" is how the end of the file looks.
      if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE) return std::nullopt;
      return count;
    }
    X509_STORE_add_cert(store, certificate.get());
  }
}

}  // namespace

TlsTrust::TlsTrust(std::shared_ptr<X509_STORE> store)
    : store_(std::move(store)) {}

Result<TlsTrust> TlsTrust::FromFile(const std::string& path) {
  const Result<std::string> pem = ReadFile(path, kMaxCaBytes);
  if (!pem) {
    return Fail(ErrorCode::kInvalidArgument, "CA file: " + pem.error().message);
  }
  std::shared_ptr<X509_STORE> store = NewStore();
  const std::optional<int> count = AddCertificates(*pem, store.get());
  if (!count) {
    return Fail(ErrorCode::kInvalidArgument,
                "CA file " + path + " holds a broken certificate");
  }
  if (*count == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "CA file " + path + " holds no certificate");
  }
  return TlsTrust(std::move(store));
}

TlsTrust TlsTrust::FromSystem(const std::string& path) {
  Result<TlsTrust> trust = FromFile(path);
  return trust ? *std::move(trust) : TlsTrust(NewStore());
}

void TlsTrust::ApplyTo(ssl_ctx_st* context) const {
  SSL_CTX_set1_cert_store(context, store_.get());
}

}  // namespace claviger::http
