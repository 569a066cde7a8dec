// SPDX-License-Identifier: Apache-2.0
//
// A connected socket, with or without TLS over it, that never waits: Read and
// Write move what can be moved now and say what to wait for. Loop's thread
// only.
#pragma once

#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/server_tls.h"
#include "sidecar/proxy/loop.h"

namespace claviger::sidecar::proxy {

class Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  enum class Outcome {
    kDone,       // `count` bytes moved, at least one
    kWantRead,   // again when readable
    kWantWrite,  // again when writable
    kEnded,      // the peer said that nothing more comes
    kBroken,     // the connection is of no more use
  };
  struct Moved {
    Outcome outcome = Outcome::kBroken;
    size_t count = 0;
  };

  /// Takes over `fd`, which is made non-blocking.
  Stream(Loop& loop, int fd);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// From now on bytes go through `tls`, whose handshake is done.
  void SetTls(std::unique_ptr<http::TlsSession> tls) { tls_ = std::move(tls); }
  http::TlsSession* tls() { return tls_.get(); }

  Moved Read(std::span<char> space);
  Moved Write(std::string_view bytes);
  /// Says that nothing more comes from here.
  void EndWriting();
  /// Ends it; waiting handlers get an error.
  void Close();
  bool open() const { return socket_.is_open(); }
  int fd() { return socket_.native_handle(); }
  /// Decrypted bytes are here: the socket need not become readable.
  bool HasPending() const { return tls_ != nullptr && tls_->HasPending(); }
  /// Whether nothing was heard of it since it was last used: no byte, no end.
  bool IsQuiet();

  /// Call `handler(boost::system::error_code)` once; holders keep themselves
  /// alive in it.
  template <typename Handler>
  void WaitReadable(Handler&& handler) {
    socket_.async_wait(Socket::wait_read, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void WaitWritable(Handler&& handler) {
    socket_.async_wait(Socket::wait_write, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void WaitFor(Outcome wanted, Handler&& handler) {
    if (wanted == Outcome::kWantRead) {
      WaitReadable(std::forward<Handler>(handler));
    } else {
      WaitWritable(std::forward<Handler>(handler));
    }
  }

  /// The socket alone, for somebody else; not with TLS. The stream is closed.
  int Release();

 private:
  Socket socket_;
  std::unique_ptr<http::TlsSession> tls_;
};

}  // namespace claviger::sidecar::proxy
