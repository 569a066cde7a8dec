// SPDX-License-Identifier: Apache-2.0
//
// A network that does what a test says, one answer per step and server, and
// keeps what was asked of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/probe/way.h"

namespace claviger::testing {

/// Outlives the ways that share it.
struct PlayedNetwork {
  std::map<std::string, Result<sidecar::proxy::Addresses>> names;
  std::map<std::string, Error> unreachable;  // by address
  std::vector<std::optional<Error>> tls;     // one per handshake; then well
  Result<sidecar::probe::LoginEnd> login = sidecar::probe::LoginEnd{};
  bool hangs_at_login = false;
  std::vector<std::string> asked;
};

class PlayedWay final : public sidecar::probe::Way {
 public:
  explicit PlayedWay(PlayedNetwork& network) : network_(network) {}

  void Resolve(const std::string& host, Resolved done) override {
    network_.asked.push_back("resolve " + host);
    const auto found = network_.names.find(host);
    if (found != network_.names.end()) return done(found->second);
    done(Fail(ErrorCode::kUnavailable,
              "the name " + host + " cannot be resolved"));
  }

  void Connect(const sidecar::proxy::IpAddress& address, uint16_t port,
               Done done) override {
    const std::string text = sidecar::proxy::ToString(address);
    network_.asked.push_back("connect " + text + " " + std::to_string(port));
    const auto found = network_.unreachable.find(text);
    if (found == network_.unreachable.end()) return done({});
    done(Fail(found->second));
  }

  void Secure(const sidecar::probe::Plan&, const sidecar::proxy::TlsClient&,
              Done done) override {
    network_.asked.emplace_back("secure");
    if (network_.tls.empty()) return done({});
    const std::optional<Error> error = network_.tls.front();
    network_.tls.erase(network_.tls.begin());
    if (!error) return done({});
    done(Fail(*error));
  }

  void LogIn(const sidecar::probe::Plan&, LoggedIn done) override {
    network_.asked.emplace_back("log in");
    if (!network_.hangs_at_login) done(network_.login);
  }

 private:
  PlayedNetwork& network_;
};

}  // namespace claviger::testing
