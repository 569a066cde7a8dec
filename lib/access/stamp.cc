// SPDX-License-Identifier: Apache-2.0
#include "access/stamp.h"

#include <string_view>
#include <vector>

#include "base/digest.h"

namespace claviger::access {
namespace {

// Every part with its length in front, so that no two lists of parts give the
// same text.
class Canonical {
 public:
  void Add(std::string_view part) {
    text_ += std::to_string(part.size());
    text_ += ':';
    text_ += part;
  }
  void Add(bool part) { Add(std::string_view(part ? "1" : "0")); }
  void Add(const std::vector<std::string>& parts) {
    Add(std::to_string(parts.size()));
    for (const std::string& part : parts) Add(part);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_ = "claviger-endpoint-v1;";
};

void AddEndpoint(const model::Endpoint& endpoint, Canonical& out) {
  out.Add(endpoint.url);
  out.Add(endpoint.host);
  out.Add(endpoint.port ? std::to_string(*endpoint.port) : "");
  out.Add(endpoint.hosts);
  out.Add(endpoint.database);
  out.Add(endpoint.insecure);
  out.Add(endpoint.methods);
  out.Add(endpoint.path_prefixes);
  out.Add(endpoint.tls.mode);
  out.Add(endpoint.tls.ca_bundle);
  out.Add(endpoint.tls.server_name);
  out.Add(std::to_string(endpoint.parameters.size()));
  for (const auto& [name, value] : endpoint.parameters) {
    out.Add(name);
    out.Add(value);
  }
}

// Connection and ConnectionFacts name these members alike.
template <typename T>
std::string FingerprintOf(const T& connection) {
  Canonical out;
  out.Add(connection.provider);
  AddEndpoint(connection.endpoint, out);
  out.Add(connection.server_side_only);
  out.Add(connection.secret_readers == model::SecretReaders::kUsers);
  return Sha256Hex(out.text());
}

}  // namespace

std::string EndpointFingerprint(const model::Connection& connection) {
  return FingerprintOf(connection);
}

std::string EndpointFingerprint(const ConnectionFacts& facts) {
  return FingerprintOf(facts);
}

}  // namespace claviger::access
