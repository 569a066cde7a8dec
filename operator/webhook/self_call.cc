// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/self_call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>

namespace claviger::op::webhook {
namespace {

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a webhook that closes
// at once would end the process.
int WriteQuietly(BIO* bio, const char* bytes, int count) {
  int fd = -1;
  BIO_get_fd(bio, &fd);
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      send(fd, bytes, static_cast<size_t>(count), MSG_NOSIGNAL);
  return static_cast<int>(sent);
}

BIO_METHOD* QuietSocket() {
  static BIO_METHOD* const kMethod = [] {
    const BIO_METHOD* plain = BIO_s_socket();
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");
    if (method == nullptr) return method;
    BIO_meth_set_write(method, WriteQuietly);
    BIO_meth_set_read(method, BIO_meth_get_read(plain));
    BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(plain));
    BIO_meth_set_create(method, BIO_meth_get_create(plain));
    BIO_meth_set_destroy(method, BIO_meth_get_destroy(plain));
    return method;
  }();
  return kMethod;
}

bool Attach(SSL* session, int fd) {
  BIO_METHOD* const method = QuietSocket();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return false;
  BIO_set_fd(bio, fd, BIO_NOCLOSE);
  SSL_set_bio(session, bio, bio);
  return true;
}

class Socket {
 public:
  Socket(int family, std::chrono::milliseconds deadline)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(deadline);
    timeval wait{};
    wait.tv_sec = whole.count();
    wait.tv_usec = (deadline - whole).count() * 1'000;
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      setsockopt(fd_, SOL_SOCKET, option, &wait, sizeof(wait));
    }
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

bool Connect(const Socket& client, const SelfCall& call, bool v6) {
  if (v6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(call.port);
    inet_pton(AF_INET6, call.address.c_str(), &to.sin6_addr);
    return connect(client.fd(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) ==
           0;
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(call.port);
  inet_pton(AF_INET, call.address.c_str(), &to.sin_addr);
  return connect(client.fd(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) ==
         0;
}

Context Trusting(const std::string& bundle) {
  Context context(SSL_CTX_new(TLS_client_method()));
  const Bio bio(
      BIO_new_mem_buf(bundle.data(), static_cast<int>(bundle.size())));
  if (!context || !bio) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  X509_STORE* store = SSL_CTX_get_cert_store(context.get());
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, one);
    X509_free(one);
  }
  ERR_clear_error();
  return context;
}

Session Shake(SSL_CTX* context, const SelfCall& call, int fd) {
  Session session(SSL_new(context));
  const bool done =
      session && Attach(session.get(), fd) &&
      SSL_set1_host(session.get(), call.server_name.c_str()) == 1 &&
      SSL_set_tlsext_host_name(session.get(), call.server_name.c_str()) == 1 &&
      SSL_connect(session.get()) == 1;
  ERR_clear_error();
  return done ? std::move(session) : nullptr;
}

bool Ping(SSL* session, const SelfCall& call) {
  constexpr std::string_view kGood = "HTTP/1.1 200 ";
  const std::string request =
      "GET /ping HTTP/1.1\r\nHost: " + call.server_name +
      "\r\nConnection: close\r\n\r\n";
  size_t count = 0;
  if (SSL_write_ex(session, request.data(), request.size(), &count) != 1) {
    return false;
  }
  std::array<char, 256> answer{};
  if (SSL_read_ex(session, answer.data(), answer.size(), &count) != 1) {
    return false;
  }
  return std::string_view(answer.data(), count).substr(0, kGood.size()) ==
         kGood;
}

}  // namespace

Status Call(const SelfCall& call) {
  const bool v6 = call.address.find(':') != std::string::npos;
  const Socket client(v6 ? AF_INET6 : AF_INET, call.deadline);
  if (client.fd() < 0 || !Connect(client, call, v6)) {
    return Fail(ErrorCode::kUnavailable, "the webhook does not answer itself");
  }
  const Context context = Trusting(call.bundle_pem);
  const Session session =
      context ? Shake(context.get(), call, client.fd()) : nullptr;
  if (!session) {
    return Fail(ErrorCode::kUnauthenticated,
                "the webhook's certificate for " + call.server_name +
                    " is not trusted by the published bundle");
  }
  const bool pinged = Ping(session.get(), call);
  ERR_clear_error();
  if (!pinged) {
    return Fail(ErrorCode::kUnavailable, "the webhook does not answer itself");
  }
  return {};
}

}  // namespace claviger::op::webhook
