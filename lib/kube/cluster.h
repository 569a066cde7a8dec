// SPDX-License-Identifier: Apache-2.0
//
// Where an API server is and how to log in there, as kubeconfig.h reads it and
// the transport uses it. Values; the secrets in it are move-only.
#pragma once

#include <string>

#include "base/secret.h"

namespace claviger::kube {

struct Cluster {
  std::string server;  // "https://10.0.0.1:443"
  /// PEM of the authorities that are trusted, and no others; or a file of it
  /// that is read again for each new connection.
  std::string ca_pem;
  std::string ca_file;
  /// PEM; both or none.
  std::string client_certificate_pem;
  Secret client_key_pem;
  /// A bearer token; or a file of it that is read again for each request.
  Secret token;
  std::string token_file;
  /// The namespace that is meant where none is named; may be empty.
  std::string ns;
};

}  // namespace claviger::kube
