// SPDX-License-Identifier: Apache-2.0
//
// How a Connection's server is trusted, made once and used for each of its
// connections: authorities, name, least version, the client certificate where
// the credential is one. OpenSSL behind one file. Immutable once made; the
// sessions it makes are for the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "http/server_tls.h"
#include "model/connection.h"

struct ssl_ctx_st;

namespace claviger::sidecar::proxy {

/// A certificate with its chain, and its key, in PEM. Empty: none is shown.
struct ClientCertificate {
  Secret chain;
  Secret key;
};

/// Where the system keeps its authorities.
inline constexpr const char* kSystemAuthorities =
    "/etc/ssl/certs/ca-certificates.crt";

class TlsClient {
 public:
  /// For servers called `host` unless `tls` names another. The mode verify-full
  /// checks authority and name, verify-ca the authority only; any other checks
  /// nothing, which validation lets through only where the endpoint says
  /// `insecure`. kInvalidArgument where the bundle or the client's certificate
  /// cannot be used. `alpn` may be empty.
  static Result<TlsClient> Make(const model::Tls& tls, const std::string& host,
                                const ClientCertificate& certificate,
                                const std::string& alpn);
  ~TlsClient();
  TlsClient(TlsClient&&) noexcept;
  TlsClient& operator=(TlsClient&&) noexcept;

  /// A handshake about to begin on `fd`, which stays the caller's. `host`: the
  /// one of several that this connection is to; empty: Make's. Null where there
  /// is no memory for it.
  std::unique_ptr<http::TlsSession> Begin(int fd,
                                          const std::string& host = "") const;

 private:
  struct State;
  explicit TlsClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// The peer's certificate hashed as channel binding wants it
/// (tls-server-end-point, RFC 5929). Empty where it has none.
std::string ServerEndPoint(http::TlsSession& session);

/// Why the handshake failed, for people: "the certificate is not trusted (...)"
/// or "the handshake failed".
std::string TlsFault(http::TlsSession& session);

}  // namespace claviger::sidecar::proxy
