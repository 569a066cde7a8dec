// SPDX-License-Identifier: Apache-2.0
//
// A TLS server on a free port of 127.0.0.1 that answers each connection's
// first request, one connection at a time, with 200 and "{}" or what it is told
// to: for tests of what a client accepts.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace claviger::testing {

struct TlsServerSettings {
  std::string certificate_pem;
  std::string key_pem;
  int max_version = 0;  // OpenSSL's number, such as TLS1_1_VERSION; 0: any
  std::string answer =
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
  /// After the answer, so many times or until the client goes.
  std::string more = {};
  uint64_t times = 0;
};

class TlsServer {
 public:
  explicit TlsServer(const TlsServerSettings& settings);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  uint16_t port() const { return port_; }
  int handshakes() const { return handshakes_; }
  /// Of answers, in full records.
  uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Context;
  void Serve();
  void Answer(int fd);

  const TlsServerSettings settings_;
  std::unique_ptr<Context> context_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> handshakes_{0};
  std::atomic<uint64_t> bytes_sent_{0};
  std::thread thread_;
};

}  // namespace claviger::testing
