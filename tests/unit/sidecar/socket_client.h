// SPDX-License-Identifier: Apache-2.0
//
// A very small HTTP client over plain sockets, for tests of the local API.
// Blocking, with a bound of ten seconds.
#pragma once

#include <cstdint>
#include <string>

namespace claviger::testing {

struct SocketAnswer {
  int status = 0;  // 0: no answer
  std::string body;
};

/// One request on a connection of its own. `headers` are lines that end in
/// CRLF.
SocketAnswer AskUnix(const std::string& path, const std::string& method,
                     const std::string& target,
                     const std::string& headers = "");
SocketAnswer AskTcp(uint16_t port, const std::string& method,
                    const std::string& target, const std::string& headers = "");

/// A connection that is kept: for event streams.
class OpenStream {
 public:
  OpenStream(const std::string& path, const std::string& target);
  ~OpenStream();
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

  /// Everything up to and with `end`; what there is when the stream ends.
  std::string ReadUntil(const std::string& end);

 private:
  int fd_ = -1;
  std::string rest_;
};

}  // namespace claviger::testing
