// SPDX-License-Identifier: Apache-2.0
#include "http/tls_trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <mutex>
#include <optional>

#include "base/file.h"

namespace claviger::http {
namespace {

constexpr size_t kMaxCaBytes = size_t{4} << 20U;

using Store = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;

Store NewStore() {
  Store store(X509_STORE_new(), X509_STORE_free);
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

// `what`: how messages name the text.
Result<Store> StoreOf(const std::string& pem, const std::string& what) {
  Store store = NewStore();
  const std::optional<int> count = AddCertificates(pem, store.get());
  if (!count) {
    return Fail(ErrorCode::kInvalidArgument,
                what + " holds a broken certificate");
  }
  if (*count == 0) {
    return Fail(ErrorCode::kInvalidArgument, what + " holds no certificate");
  }
  return store;
}

Result<Store> ReadStore(const std::string& path) {
  const Result<std::string> pem = ReadFile(path, kMaxCaBytes);
  if (!pem) {
    return Fail(ErrorCode::kInvalidArgument, "CA file: " + pem.error().message);
  }
  return StoreOf(*pem, "CA file " + path);
}

}  // namespace

struct TlsTrust::State {
  Store store = NewStore();
  std::string unread;  // what the store is to be read from, once
  std::once_flag once;
};

TlsTrust::TlsTrust(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<TlsTrust> TlsTrust::FromFile(const std::string& path) {
  Result<Store> store = ReadStore(path);
  if (!store) return Fail(std::move(store).error());
  auto state = std::make_shared<State>();
  state->store = *std::move(store);
  return TlsTrust(std::move(state));
}

Result<TlsTrust> TlsTrust::FromPem(const std::string& pem) {
  Result<Store> store = StoreOf(pem, "CA bundle");
  if (!store) return Fail(std::move(store).error());
  auto state = std::make_shared<State>();
  state->store = *std::move(store);
  return TlsTrust(std::move(state));
}

TlsTrust TlsTrust::FromSystem(const std::string& path) {
  auto state = std::make_shared<State>();
  state->unread = path;
  return TlsTrust(std::move(state));
}

void TlsTrust::ApplyTo(ssl_ctx_st* context) const {
  std::call_once(state_->once, [this] {
    if (state_->unread.empty()) return;
    Result<Store> store = ReadStore(state_->unread);
    if (store) state_->store = *std::move(store);
  });
  SSL_CTX_set1_cert_store(context, state_->store.get());
}

}  // namespace claviger::http
