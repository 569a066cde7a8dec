// SPDX-License-Identifier: Apache-2.0
#include "http/server_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <vector>

#include "http/certificate_store.h"

namespace claviger::http {
namespace {

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a client that goes away
// would end the process.
int FdOf(BIO* bio) { return *static_cast<int*>(BIO_get_data(bio)); }

bool MayRetry(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int WriteSocket(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send(FdOf(bio), bytes, static_cast<size_t>(count),
                            MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && MayRetry(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int ReadSocket(BIO* bio, char* space, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t got =
      recv(FdOf(bio), space, static_cast<size_t>(count), MSG_DONTWAIT);
  if (got < 0 && MayRetry(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long ControlSocket(BIO* /*bio*/, int command, long /*number*/,
                   void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method == nullptr) return method;
    BIO_meth_set_write(method, WriteSocket);
    BIO_meth_set_read(method, ReadSocket);
    BIO_meth_set_ctrl(method, ControlSocket);
    return method;
  }();
  return kMethod;
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Bio BioOf(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Context MakeContext() {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                          SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

bool UseChain(SSL_CTX* context, const std::string& pem) {
  constexpr int kMaxChain = 8;
  const Bio bio = BioOf(pem);
  int count = 0;
  while (X509* certificate =
             PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const bool first = count++ == 0;
    const bool used =
        first ? SSL_CTX_use_certificate(context, certificate) == 1
              : count <= kMaxChain &&
                    SSL_CTX_add1_chain_cert(context, certificate) == 1;
    X509_free(certificate);
    if (!used) return false;
  }
  ERR_clear_error();  // the end of the PEM text is an error to it
  return count > 0;
}

bool UseKey(SSL_CTX* context, const Secret& pem) {
  const Bio bio = BioOf(pem.Reveal());
  // A passphrase is never asked for.
  EVP_PKEY* key = PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr);
  if (key == nullptr) return false;
  const bool used = SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  return used && SSL_CTX_check_private_key(context) == 1;
}

}  // namespace

std::unique_ptr<TlsSession> TlsSession::Make(ssl_ctx_st* context, int fd,
                                             Role role) {
  SSL* ssl = SSL_new(context);
  if (ssl == nullptr) return nullptr;
  std::unique_ptr<TlsSession> session(new TlsSession(ssl, fd));
  BIO_METHOD* const method = SocketMethod();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &session->fd_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  if (role == Role::kServer) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return session;
}

TlsSession::TlsSession(ssl_st* ssl, int fd) : ssl_(ssl), fd_(fd) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Outcome TlsSession::OutcomeOf(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Outcome::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::kWantWrite;
    default:
      // One queue for all of the thread's connections.
      ERR_clear_error();
      return Outcome::kEnded;
  }
}

TlsSession::Outcome TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return OutcomeOf(result);
  handshaken_ = true;
  return Outcome::kDone;
}

TlsSession::Moved TlsSession::Read(std::span<char> space) {
  ERR_clear_error();
  size_t count = 0;
  const int result = SSL_read_ex(ssl_, space.data(), space.size(), &count);
  if (result != 1) return {OutcomeOf(result), 0};
  return {Outcome::kDone, count};
}

TlsSession::Moved TlsSession::Write(std::string_view bytes) {
  ERR_clear_error();
  size_t count = 0;
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
  if (result != 1) return {OutcomeOf(result), 0};
  return {Outcome::kDone, count};
}

bool TlsSession::ended_cleanly() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

bool TlsSession::HasPending() const { return SSL_has_pending(ssl_) == 1; }

void TlsSession::SayGoodbye() {
  if (!handshaken_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

struct CertificateStore::State {
  mutable std::mutex mutex;
  Context context;
};

CertificateStore::CertificateStore() : state_(std::make_unique<State>()) {}
CertificateStore::~CertificateStore() = default;

Status CertificateStore::Set(const std::string& chain_pem,
                             const Secret& key_pem) {
  Context context = MakeContext();
  const bool good = context && UseChain(context.get(), chain_pem) &&
                    UseKey(context.get(), key_pem);
  ERR_clear_error();
  if (!good) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot use the serving certificate: it is no PEM chain with "
                "its own key");
  }
  const std::lock_guard lock(state_->mutex);
  state_->context.swap(context);
  return {};
}

bool CertificateStore::empty() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->context;
}

std::unique_ptr<TlsSession> CertificateStore::Accept(int fd) const {
  const std::lock_guard lock(state_->mutex);
  // The session holds a reference to the context it began with.
  return state_->context ? TlsSession::Make(state_->context.get(), fd)
                         : nullptr;
}

}  // namespace claviger::http
