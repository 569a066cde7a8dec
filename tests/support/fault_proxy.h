// SPDX-License-Identifier: Apache-2.0
//
// A proxy on a free port of 127.0.0.1 that breaks what passes through it, as a
// network and its servers do: refuses, hangs, cuts; drops, replaces or repeats
// what is said. It understands HTTP/1.1, and ends TLS with an authority of its
// own where the server behind it speaks TLS. Each connection has its own
// thread. Thread-safe.
//
//   auto proxy = FaultProxy::Start({.port = vault_port});
//   (*proxy)->SetMode(FaultProxy::Mode::kRefuse);
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "support/proxy_http.h"

namespace claviger::testing {

/// What becomes of a request.
struct CallVerdict {
  enum class Kind {
    kPass,
    kDrop,    // its connection breaks; nobody hears of it
    kHang,    // nobody hears of it, and it gets no answer until Heal
    kAnswer,  // the server is not asked
  };
  Kind kind = Kind::kPass;
  ProxiedAnswer answer = {};
};

/// What becomes of one line of a watch: these bytes, and then.
struct StreamPiece {
  enum class Then {
    kGoOn,
    kEnd,    // the stream ends as if the server had ended it
    kBreak,  // the connection breaks
  };
  std::string bytes;
  Then then = Then::kGoOn;
};

class FaultProxy {
 public:
  struct Settings {
    uint16_t port = 0;    // of the server, on 127.0.0.1
    std::string ca_file;  // of the server; empty: no TLS on either side
  };
  enum class Mode {
    kPass,
    kRefuse,  // nobody listens any more
    kHang,    // connections are made, and nothing moves on any
  };
  // Called on the connections' threads, several at a time. Once another is set,
  // or Heal was called, none runs any more; they must not set hooks themselves.
  using CallHook = std::function<CallVerdict(const ProxiedCall&)>;
  using AnswerHook = std::function<void(const ProxiedCall&, ProxiedAnswer&)>;
  using LineHook =
      std::function<StreamPiece(const ProxiedCall&, const std::string& line)>;

  static Result<std::unique_ptr<FaultProxy>> Start(const Settings& settings);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  /// "http://127.0.0.1:<port>", or https.
  std::string url() const;
  /// Whom a client must trust; empty without TLS.
  const std::string& ca_pem() const { return ca_pem_; }

  /// From now on. Refusing breaks the open connections, too.
  void SetMode(Mode mode);
  /// Breaks all open connections.
  void BreakAll();
  /// Connections made from now on break after so many bytes of answers.
  void BreakAfter(std::optional<size_t> bytes);

  /// Before a request is forwarded.
  void OnCall(CallHook hook);
  /// After the server answered, before the client hears of it; may change it.
  /// Not for watches.
  void OnAnswer(AnswerHook hook);
  /// Each line of a watch, with its line end.
  void OnLine(LineHook hook);
  /// No hook, no cut, everything passes.
  void Heal();

  int connections() const { return connections_; }
  int calls() const { return calls_; }

 private:
  struct Hooks {
    CallHook call;
    AnswerHook answer;
    LineHook line;
    std::optional<size_t> break_after;
  };
  struct Served {
    std::thread thread;
    std::atomic<bool> done{false};
  };
  class Registered;

  explicit FaultProxy(const Settings& settings);
  Status Open();
  bool Listen();
  void Unlisten();
  void Accept();
  void TakeConnection(int fd);
  void Reap(bool all);
  void Serve(int fd);
  bool Forward(ProxyChannel& client, const ProxiedCall& call);
  bool Relay(ProxyChannel& client, const ProxiedCall& call);
  bool RelayStream(ProxyChannel& client, const ProxiedCall& call,
                   ProxyChannel& server, AnswerReader& reader);
  bool SendLine(ProxyChannel& client, const ProxiedCall& call,
                const std::string& line);
  /// Waits while everything hangs; false when the proxy ends.
  bool Gate();
  void Hang();
  Hooks hooks() const;

  const Settings settings_;
  ProxyTls front_;
  ProxyTls back_;
  std::string ca_pem_;
  int holder_ = -1;  // keeps the port while nobody listens
  int wake_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> calls_{0};
  std::shared_mutex running_;  // shared by hooks while they run
  mutable std::mutex mutex_;   // guards what is below
  std::condition_variable changed_;
  int listener_ = -1;
  Mode mode_ = Mode::kPass;
  bool stopping_ = false;
  int heals_ = 0;
  Hooks hooks_;
  std::list<int> open_;  // descriptors of both sides
  std::list<Served> served_;
  std::thread acceptor_;
};

/// Heals at the end of a scope, before what its hooks refer to is gone.
class HealAtEnd {
 public:
  explicit HealAtEnd(FaultProxy& proxy) : proxy_(proxy) {}
  ~HealAtEnd() { proxy_.Heal(); }
  HealAtEnd(const HealAtEnd&) = delete;
  HealAtEnd& operator=(const HealAtEnd&) = delete;

 private:
  FaultProxy& proxy_;
};

}  // namespace claviger::testing
