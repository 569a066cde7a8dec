// SPDX-License-Identifier: Apache-2.0
//
// One end of a TLS connection over a non-blocking socket (OpenSSL behind two
// files). Never waits: says what it wants to wait for. Not synchronised.
#pragma once

#include <memory>
#include <span>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace claviger::http {

class TlsSession {
 public:
  enum class Outcome {
    kDone,
    kWantRead,   // again when the socket is readable
    kWantWrite,  // again when it is writable
    kEnded,      // closed or broken
  };
  struct Moved {
    Outcome outcome = Outcome::kEnded;
    size_t count = 0;  // of kDone
  };

  enum class Role { kServer, kClient };

  /// Null when there is no memory for it.
  static std::unique_ptr<TlsSession> Make(ssl_ctx_st* context, int fd,
                                          Role role = Role::kServer);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Outcome Handshake();
  Moved Read(std::span<char> space);
  Moved Write(std::string_view bytes);
  /// Decrypted bytes are here already: the socket need not become readable.
  bool HasPending() const;
  /// After kEnded: the peer said that nothing more comes. False where the
  /// connection just broke off, which anybody in between can bring about.
  bool ended_cleanly() const;
  /// OpenSSL's own, to set it up and to ask about the peer.
  ssl_st* native() { return ssl_; }
  /// Says that nothing more comes, as far as the socket takes it now.
  void SayGoodbye();

 private:
  TlsSession(ssl_st* ssl, int fd);
  Outcome OutcomeOf(int result);

  ssl_st* ssl_;
  int fd_;
  bool handshaken_ = false;
};

}  // namespace claviger::http
