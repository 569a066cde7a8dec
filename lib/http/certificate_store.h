// SPDX-License-Identifier: Apache-2.0
//
// The certificate that a TLS listener shows, replaceable while it serves: new
// handshakes use the newest, connections that stand go on. TLS 1.2 and 1.3
// only. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::http {

class TlsSession;

class CertificateStore {
 public:
  CertificateStore();
  ~CertificateStore();
  CertificateStore(const CertificateStore&) = delete;
  CertificateStore& operator=(const CertificateStore&) = delete;

  /// Shows this chain (PEM, the leaf first) from now on. kInvalidArgument, and
  /// no change, when it cannot be read or the key is another one's.
  Status Set(const std::string& chain_pem, const Secret& key_pem);
  /// False until the first Set: handshakes are refused.
  bool empty() const;

  /// A handshake about to begin on a connected, non-blocking socket, which the
  /// session does not own. Null while the store is empty. For the server only.
  std::unique_ptr<TlsSession> Accept(int fd) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace claviger::http
