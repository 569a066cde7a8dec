// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/client_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace claviger::sidecar::proxy::pg {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

}  // namespace

std::string CommonNameOf(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, Free> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) return "";
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(
      &bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  const std::unique_ptr<unsigned char, Free> owned(bytes);
  std::string name(reinterpret_cast<const char*>(bytes),
                   static_cast<size_t>(size));
  return name.find('\0') == std::string::npos ? name : "";
}

}  // namespace claviger::sidecar::proxy::pg
