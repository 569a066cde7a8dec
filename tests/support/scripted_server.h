// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server that misbehaves on purpose: plain sockets on a free port of
// 127.0.0.1, one script per connection, in the order in which they arrive (the
// last script serves all further ones). Each connection has its own thread.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace claviger::testing {

/// One step of a script.
struct Step {
  enum class Kind {
    kReadRequest,  // header and body of one request; remembered
    kSend,         // `bytes`, `times` times; ends early when nobody reads
    kDrip,         // `bytes`, one at a time with a pause of 20 ms
    kHang,         // until the client closes, or the server stops
    kShutdown,     // no more will be sent, but the connection stays
    kReset,        // closes with RST
  };
  Kind kind = Kind::kSend;
  std::string bytes = {};
  uint64_t times = 1;
};

/// After the last step the connection is closed.
using Script = std::vector<Step>;

/// Scripts for what tests need most. Each reads the request first.
Script AnswerWith(std::string bytes);
/// A whole HTTP answer with that status; `headers` are lines that end in CRLF.
Script AnswerHttp(int status, std::string_view body,
                  std::string_view headers = "");
Script Hang();
Script CloseAtOnce();

class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Script> scripts);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }
  /// "http://127.0.0.1:<port>"
  std::string url() const;
  /// The requests as they arrived, header and body.
  std::vector<std::string> requests() const;
  int connections() const { return connections_; }
  uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void Accept();
  void Play(int fd, const Script& script);
  bool Do(int fd, const Step& step);
  bool ReadRequest(int fd);
  bool Send(int fd, std::string_view bytes);
  bool Drip(int fd, std::string_view bytes);
  bool Stopped(int fd, int milliseconds) const;

  std::vector<Script> scripts_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};  // a pipe: readable once the server stops
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<uint64_t> bytes_sent_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> players_;
  std::thread acceptor_;
};

}  // namespace claviger::testing
