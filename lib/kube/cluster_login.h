// SPDX-License-Identifier: Apache-2.0
//
// Who an API server must be, and who we are: the cluster's authorities and our
// certificate for each new connection, our token for each request. What is in
// files is read again each time. Thread-safe; reads block.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "http/tls_trust.h"
#include "kube/cluster.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace claviger::kube {

class ClusterLogin {
 public:
  explicit ClusterLogin(Cluster cluster) : cluster_(std::move(cluster)) {}

  /// First of all. kInvalidArgument where the authorities cannot be read.
  Status Prepare();
  /// For each new connection. Throws what OpenSSL refuses.
  void ApplyTo(boost::asio::ssl::context& context);
  /// Empty: none. kUnavailable when the file cannot be read.
  Result<Secret> Token() const;

 private:
  Status ReadTrust();

  const Cluster cluster_;
  std::mutex mutex_;
  std::optional<http::TlsTrust> trust_;  // guarded by mutex_
  std::string read_;                     // guarded by mutex_
};

}  // namespace claviger::kube
