// SPDX-License-Identifier: Apache-2.0
//
// A client made of bare sockets, for saying to a server what no HTTP library
// would. Every wait ends after five seconds. Not synchronised.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace claviger::http::testing {

struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;

  /// The value of a header, "" without one.
  std::string Header(std::string_view name) const;
};

class RawClient {
 public:
  static RawClient ToUnix(const std::string& path);
  static RawClient ToTcp(uint16_t port);
  RawClient(RawClient&& other) noexcept;
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  /// False when the server does not take it.
  bool Send(std::string_view bytes);
  void ShutDownWriting();
  /// One response by its Content-Length; none when the connection ends first.
  /// `without_body` for answers to HEAD.
  std::optional<RawResponse> Read(bool without_body = false);
  /// Reads until `text` has arrived; what came, "" if it never does.
  std::string ReadUntil(std::string_view text);
  /// True when the server ends the connection without another byte, within
  /// `timeout_ms`.
  bool IsClosed(int timeout_ms = 5'000);
  int fd() const { return fd_; }

 private:
  explicit RawClient(int fd) : fd_(fd) {}
  bool Fill();

  int fd_;
  std::string received_;
};

}  // namespace claviger::http::testing
