// SPDX-License-Identifier: Apache-2.0
#include "support/proxy_channel.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace claviger::testing {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

// A test cannot go on without its proxy.
void Need(bool fine) {
  if (!fine) std::abort();
}

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

std::shared_ptr<ssl_ctx_st> MakeContext(const SSL_METHOD* method) {
  std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(method), SSL_CTX_free);
  Need(context != nullptr);
  return context;
}

}  // namespace

ProxyTls ProxyTls::Serving(const IssuedCertificate& certificate) {
  ProxyTls tls;
  tls.context_ = MakeContext(TLS_server_method());
  const Bio certificate_text = Open(certificate.certificate_pem);
  const Bio key_text = Open(certificate.key_pem);
  X509* own =
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key =
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr);
  Need(SSL_CTX_use_certificate(tls.context(), own) == 1);
  Need(SSL_CTX_use_PrivateKey(tls.context(), key) == 1);
  X509_free(own);
  EVP_PKEY_free(key);
  return tls;
}

ProxyTls ProxyTls::Calling(const std::string& ca_file) {
  ProxyTls tls;
  tls.context_ = MakeContext(TLS_client_method());
  SSL_CTX_set_verify(tls.context(), SSL_VERIFY_PEER, nullptr);
  Need(SSL_CTX_load_verify_locations(tls.context(), ca_file.c_str(), nullptr) ==
       1);
  return tls;
}

ProxyChannel ProxyChannel::Accept(int fd, const ProxyTls& tls) {
  ProxyChannel channel(fd);
  if (tls.context() == nullptr) return channel;
  channel.ssl_ = {SSL_new(tls.context()), SSL_free};
  SSL_set_fd(channel.ssl_.get(), fd);
  channel.ok_ = SSL_accept(channel.ssl_.get()) == 1;
  return channel;
}

ProxyChannel ProxyChannel::Connect(int fd, const ProxyTls& tls) {
  ProxyChannel channel(fd);
  if (tls.context() == nullptr) return channel;
  channel.ssl_ = {SSL_new(tls.context()), SSL_free};
  SSL_set_fd(channel.ssl_.get(), fd);
  channel.ok_ = SSL_connect(channel.ssl_.get()) == 1;
  return channel;
}

bool ProxyChannel::ReadSome(std::string& bytes) {
  std::array<char, 16384> space;
  ssize_t count = 0;
  if (ssl_) {
    count = SSL_read(ssl_.get(), space.data(), static_cast<int>(space.size()));
  } else {
    count = recv(fd_, space.data(), space.size(), 0);
  }
  if (count <= 0) return false;
  bytes.append(space.data(), static_cast<size_t>(count));
  return true;
}

bool ProxyChannel::Write(std::string_view bytes) {
  const size_t allowed = std::min(bytes.size(), left_.value_or(bytes.size()));
  const bool written = WriteAll(bytes.substr(0, allowed));
  if (left_) *left_ -= allowed;
  if (written && allowed == bytes.size()) return true;
  Break();
  return false;
}

bool ProxyChannel::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ssl_ ? SSL_write(ssl_.get(), bytes.data(),
                         static_cast<int>(bytes.size()))
             : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool ProxyChannel::AwaitBytesUnlessClosed(const ProxyChannel& other) const {
  if (ssl_ && SSL_pending(ssl_.get()) > 0) return true;
  std::array<pollfd, 2> both = {
      {{fd_, POLLIN, 0}, {other.fd_, POLLIN | POLLRDHUP, 0}}};
  if (poll(both.data(), both.size(), -1) <= 0) return false;
  return both[1].revents == 0;
}

void ProxyChannel::Break() {
  const linger at_once = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ok_ = false;
}

}  // namespace claviger::testing
