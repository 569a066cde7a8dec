// SPDX-License-Identifier: Apache-2.0
#include "support/tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace claviger::testing {
namespace {

// A test cannot go on without its server.
void Need(bool fine) {
  if (!fine) std::abort();
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

}  // namespace

struct TlsServer::Context {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ssl{
      SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
};

TlsServer::TlsServer(const TlsServerSettings& settings)
    : settings_(settings), context_(std::make_unique<Context>()) {
  // A client that refuses us hangs up while we write.
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* ssl = context_->ssl.get();
  const Bio certificate_text = Open(settings.certificate_pem);
  const Bio key_text = Open(settings.key_pem);
  X509* certificate =
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key =
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr);
  Need(SSL_CTX_use_certificate(ssl, certificate) == 1);
  Need(SSL_CTX_use_PrivateKey(ssl, key) == 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (settings.max_version != 0) {
    // Old versions need weak signatures, which level 0 allows.
    SSL_CTX_set_security_level(ssl, 0);
    Need(SSL_CTX_set_min_proto_version(ssl, TLS1_VERSION) == 1);
    Need(SSL_CTX_set_max_proto_version(ssl, settings.max_version) == 1);
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  Need(bind(listener_, plain, size) == 0 && listen(listener_, 16) == 0);
  Need(getsockname(listener_, plain, &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

TlsServer::~TlsServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void TlsServer::Serve() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    Answer(fd);
    close(fd);
  }
}

void TlsServer::Answer(int fd) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(
      SSL_new(context_->ssl.get()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) != 1) return;
  ++handshakes_;
  char request[8192];
  if (SSL_read(ssl.get(), request, sizeof request) <= 0) return;
  const auto send = [&](const std::string& bytes) {
    const auto count = static_cast<int>(bytes.size());
    if (SSL_write(ssl.get(), bytes.data(), count) != count) return false;
    bytes_sent_ += bytes.size();
    return !stopping_;
  };
  if (!send(settings_.answer)) return;
  for (uint64_t i = 0; i < settings_.times; ++i) {
    if (!send(settings_.more)) return;
  }
  SSL_shutdown(ssl.get());
}

}  // namespace claviger::testing
