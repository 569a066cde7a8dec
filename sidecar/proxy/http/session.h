// SPDX-License-Identifier: Apache-2.0
//
// One client's connection through the proxy: a request is read, judged,
// written anew to the server with the credential, and the answer written anew
// to the client; then the next one. Whatever happens, Pump moves what can be
// moved and then waits for what is missing, so that each side is read only as
// fast as the other takes it. Loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sidecar/proxy/access.h"
#include "sidecar/proxy/http/aws_chunks.h"
#include "sidecar/proxy/http/body.h"
#include "sidecar/proxy/http/buffer.h"
#include "sidecar/proxy/http/door.h"
#include "sidecar/proxy/http/echo_guard.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/hygiene.h"
#include "sidecar/proxy/http/parts.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/stream.h"

namespace claviger::sidecar::proxy {

class Session final : public Timed,
                      public std::enable_shared_from_this<Session> {
 public:
  Session(HttpParts& parts, std::shared_ptr<const HttpListener> listener,
          int fd);
  ~Session() override;

  void Start();
  /// Instead: with these bytes received already.
  void GoOn(std::string_view bytes);
  /// The proxy stops: what is idle ends now, the rest after its answer.
  void Drain();
  void Close();
  std::optional<uint32_t> uid;  // of the peer, where it can be told

 private:
  // What is not taken by the other side yet, before more is read.
  static constexpr size_t kMaxWaiting = size_t{64} * 1024;

  enum class Phase {
    kHead,      // waiting for a request, or in its head
    kDeciding,  // may it go on, with what, over which connection
    kExchange,  // request and answer on their ways
    kTunnel,    // WebSocket: bytes both ways
    kClosing,   // writing the rest, then waiting for the client to end
    kClosed,
  };

  // One request and its answer.
  struct Exchange {
    explicit Exchange(SteadyTime now) : began(now) {}
    std::string head_bytes;  // what `head` points into
    RequestHead head;
    model::ObjectRef connection;
    std::string target;  // of the server's; `head.target` points into it
    std::string response_bytes;  // what `response` points into
    ResponseHead response;
    std::shared_ptr<Door> door;
    std::shared_ptr<const Placement> placement;
    Aimed aimed;
    BodyDecoder body;
    std::optional<AwsChunks> chunks;  // around the content of that
    bool sent_all = false;            // the request went on whole
    std::string replay;               // what went on of its body
    bool replayable = true;           // `replay` is all of that
    bool reused = false;              // over a connection kept from before
    bool repeated = false;            // once more, over a new connection
    bool replaced = false;            // once more, with another credential
    bool held = false;                // a refusal waits in `response` meanwhile
    bool answer_known = false;        // its head was read, and it goes on
    size_t answer_at = 0;             // in `out_`, where it begins
    bool told = false;                // some of it may have left
    BodyDecoder answer;
    Encoding encoding = Encoding::kNone;
    std::optional<EchoGuard> echo;
    int interim = 0;
    bool answered = false;  // whole, in `out_`
    bool logged = false;
    const SteadyTime began;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
  };

  // session.cc: the client's side, and what drives both.
  void Pump();
  bool Step();
  void Arm();
  bool ReadClient();
  bool WriteClient();
  bool TakeHead();
  bool IsAdmitted(const RequestHead& head) const;
  void RefuseHead(int status);
  bool TakeApiTarget();
  void Return();
  void Answer(const Problem& problem);
  void AnswerResponse(http::ServerResponse response, bool close);
  void EndExchange(bool keep);
  void OnDeadline() override;
  void Touch();
  bool WantsClient() const;

  // session_request.cc: the way to the server.
  void Decide();
  void OnDecided(Access::Answer answer);
  void Enter(std::shared_ptr<Door> door);
  void AskForToken();
  void OnToken(OauthToken::Answer answer);
  void Proceed(std::shared_ptr<const Placement> placement);
  void Connect(bool fresh);
  void OnOpened(Result<std::unique_ptr<Stream>> stream);
  bool RelayRequest();
  bool AppendBody(std::string_view content);
  bool WriteServer();
  void Recheck();

  // session_answer.cc: the way back.
  bool ReadServer();
  void OnServerGone();
  bool RelayAnswer();
  bool TakeAnswerHead();
  bool MayRepeat() const;
  bool Renew();
  void Replace();
  void OnRenewed(Access::Answer answer);
  void GoOnWithRefusal();
  bool StartAnswer();
  bool RelayAnswerBody();
  bool PassContent(std::string_view content);
  void FinishAnswer();
  void Cut(const Problem& problem);
  bool RelayTunnel();
  void Report(int status, std::string_view reason);

  HttpParts& parts_;
  const std::shared_ptr<const HttpListener> listener_;
  Phase phase_ = Phase::kHead;
  Stream client_;
  Inbox in_;
  Outbox out_;
  size_t scanned_ = 0;  // of a head that is not whole yet
  bool client_ready_ = true;
  bool client_ended_ = false;
  bool head_began_ = false;
  bool ended_writing_ = false;
  bool client_waits_ = false;  // a handler waits for the socket
  bool client_write_waits_ = false;
  bool draining_ = false;
  bool pumping_ = false;
  bool again_ = false;
  size_t lingered_ = 0;

  std::unique_ptr<Stream> server_;
  Inbox server_in_;
  Outbox server_out_;
  size_t server_scanned_ = 0;
  bool server_ready_ = false;
  bool server_ended_ = false;
  uint64_t server_serial_ = 0;  // tells handlers of a former server
  bool server_waits_ = false;
  bool server_write_waits_ = false;
  std::shared_ptr<Dialer::Attempt> attempt_;

  std::optional<Exchange> exchange_;
  SteadyTime moved_at_;
};

}  // namespace claviger::sidecar::proxy
