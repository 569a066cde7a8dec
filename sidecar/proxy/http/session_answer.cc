// SPDX-License-Identifier: Apache-2.0
//
// A Session's way back: from a server's answer to its last byte, and what
// becomes of an exchange that ends otherwise.

#include <utility>

#include "base/result.h"
#include "sidecar/proxy/http/session.h"

namespace claviger::sidecar::proxy {
namespace {

using Outcome = Stream::Outcome;

constexpr int kMaxInterim = 16;

Problem NoAnswer(std::string detail) {
  return {"UpstreamUnavailable", std::move(detail), "try again"};
}

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" ||
         method == "PUT" || method == "DELETE";
}

// The prefix of the connection's own that the path is below.
std::string_view RouteOf(const model::Endpoint& endpoint,
                         std::string_view path) {
  for (const std::string& prefix : endpoint.path_prefixes) {
    if (path.starts_with(prefix)) return prefix;
  }
  return "/";
}

}  // namespace

bool Session::ReadServer() {
  if (!server_ready_ || server_ended_ || server_in_.full() ||
      out_.left() > kMaxWaiting) {
    return false;
  }
  const std::span<char> space = server_in_.Space();
  const Stream::Moved moved = server_->Read(space);
  switch (moved.outcome) {
    case Outcome::kDone:
      server_in_.Received(moved.count);
      server_ready_ = moved.count == space.size() || server_->HasPending();
      Touch();
      return true;
    case Outcome::kWantRead:
    case Outcome::kWantWrite:
      server_ready_ = false;
      return false;
    case Outcome::kEnded:
      server_ended_ = true;
      if (phase_ == Phase::kExchange) OnServerGone();
      return true;
    case Outcome::kBroken:
      server_ended_ = true;
      // Where TLS just breaks off, "until the close" may have been cut short.
      if (phase_ == Phase::kExchange && exchange_->answer_known &&
          exchange_->answer.until_close()) {
        Cut(NoAnswer("the server's answer broke off"));
      } else if (phase_ == Phase::kExchange) {
        OnServerGone();
      }
      return true;
  }
  return false;
}

bool Session::MayRepeat() const {
  const Exchange& exchange = *exchange_;
  return exchange.reused && !exchange.repeated && exchange.replayable &&
         server_in_.empty() && IsIdempotent(exchange.head.method);
}

// The server ended the connection; what it sent before is still in `server_in_`
// and is looked at first.
void Session::OnServerGone() {
  Exchange& exchange = *exchange_;
  if (exchange.answer_known) {
    if (!server_in_.empty()) return;  // RelayAnswer goes on, and comes here
    if (exchange.answer.until_close()) {
      exchange.answered = true;
      return FinishAnswer();
    }
    return Cut(NoAnswer("the server's answer broke off"));
  }
  if (!server_in_.empty()) {
    size_t from = 0;
    bool malformed = false;
    if (FindHeadEnd(server_in_.bytes(), from, malformed) != 0) return;
    return Cut(NoAnswer("the server's answer broke off"));
  }
  if (MayRepeat()) {
    exchange.repeated = true;
    return Connect(true);
  }
  Cut(NoAnswer("the server ended the connection without an answer"));
}

bool Session::RelayAnswer() {
  if (out_.left() > kMaxWaiting) return false;
  if (exchange_->answer_known) return RelayAnswerBody();
  if (!server_in_.empty()) {
    const bool moved = TakeAnswerHead();
    // What came with the head is looked at before any of it is written.
    const bool more = phase_ == Phase::kExchange && exchange_->answer_known;
    return (more && RelayAnswerBody()) || moved;
  }
  if (server_ended_) OnServerGone();  // behind interim answers
  return server_ended_;
}

bool Session::TakeAnswerHead() {
  Exchange& exchange = *exchange_;
  bool malformed = false;
  const size_t size =
      FindHeadEnd(server_in_.bytes(), server_scanned_, malformed);
  if (malformed || (size == 0 && server_in_.full())) {
    Cut(NoAnswer("the server's answer is not HTTP"));
    return true;
  }
  if (size == 0) return false;
  exchange.response_bytes = server_in_.bytes().substr(0, size);
  server_in_.Consume(size);
  server_scanned_ = 0;
  if (!ParseResponseHead(exchange.response_bytes, exchange.head.method,
                         exchange.response)) {
    Cut(NoAnswer("the server's answer is not HTTP as it should be"));
    return true;
  }
  if (exchange.echo->IsIn(exchange.response.fields) ||
      exchange.echo->IsIn(exchange.response.reason)) {
    Cut({"CredentialEchoed",
         "a header of the server's answer held the "
         "credential",
         "have the server's owner stop that"});
    return true;
  }
  return StartAnswer();
}

bool Session::StartAnswer() {
  Exchange& exchange = *exchange_;
  const ResponseHead& response = exchange.response;
  const bool upgraded = response.status == 101;
  if (upgraded && !exchange.head.websocket) {
    Cut(NoAnswer("the server changed the protocol unasked"));
    return true;
  }
  if (response.status < 200 && !upgraded) {
    if (++exchange.interim > kMaxInterim) {
      Cut(NoAnswer("the server sends interim answers without end"));
    } else if (exchange.head.minor == 1) {
      AppendResponse(response, Encoding::kNone, false, out_.bytes);
    }
    return true;
  }
  if ((response.status == 401 || response.status == 403) && Renew()) {
    return true;
  }
  exchange.answer_known = true;
  exchange.answer_at = out_.bytes.size();
  exchange.answer.Start(response.framing);
  exchange.encoding = EncodingFor(response, exchange.head.minor);
  const bool close = draining_ || !exchange.head.keep_alive ||
                     !exchange.body.done() ||
                     exchange.encoding == Encoding::kUntilClose;
  AppendResponse(response, exchange.encoding, close && !upgraded, out_.bytes);
  if (upgraded) phase_ = Phase::kTunnel;
  return true;
}

// Whether the refusal is held back while another credential is looked for.
bool Session::Renew() {
  Exchange& exchange = *exchange_;
  if (exchange.replaced || !exchange.replayable) return false;
  const auto& token = exchange.door->token();
  if (token != nullptr && !token->Drop(exchange.placement)) return false;
  exchange.replaced = exchange.held = true;
  if (token != nullptr) {
    AskForToken();
  } else {
    Replace();
  }
  return true;
}

void Session::Replace() {
  phase_ = Phase::kDeciding;
  SetDeadline(parts_.limits().decide);
  parts_.access().Replace(exchange_->door->permit(),
                          [weak = weak_from_this(),
                           serial = server_serial_](Access::Answer answer) {
                            const auto self = weak.lock();
                            if (!self || self->server_serial_ != serial ||
                                self->phase_ != Phase::kDeciding) {
                              return;
                            }
                            self->OnRenewed(std::move(answer));
                            self->Pump();
                          });
}

void Session::OnRenewed(Access::Answer answer) {
  const auto* problem = std::get_if<Problem>(&answer);
  if (problem == nullptr) {
    auto door = parts_.DoorFor(std::get<Permit>(answer));
    if (auto* open = std::get_if<std::shared_ptr<Door>>(&door)) {
      return Enter(std::move(*open));
    }
    answer = std::get<Problem>(std::move(door));
    problem = std::get_if<Problem>(&answer);
  }
  if (exchange_->held) return GoOnWithRefusal();
  Answer(*problem);
}

// There is no other credential: the server's own answer says it best.
void Session::GoOnWithRefusal() {
  exchange_->held = false;
  phase_ = Phase::kExchange;
  SetDeadline(parts_.limits().recheck);
  StartAnswer();
}

bool Session::RelayAnswerBody() {
  Exchange& exchange = *exchange_;
  std::string_view bytes = server_in_.bytes();
  const size_t before = bytes.size();
  while (out_.left() <= kMaxWaiting) {
    std::string_view content;
    const BodyDecoder::State state = exchange.answer.Next(bytes, content);
    if (state == BodyDecoder::State::kMalformed) {
      Cut(NoAnswer("the server's answer is not framed as HTTP frames it"));
      return true;
    }
    if (!PassContent(content)) return true;
    exchange.answered = state == BodyDecoder::State::kDone;
    if (state != BodyDecoder::State::kContent) break;
  }
  server_in_.Consume(before - bytes.size());
  if (exchange.answered) {
    FinishAnswer();
    return true;
  }
  if (server_ended_ && server_in_.empty()) {
    OnServerGone();
    return true;
  }
  return before != bytes.size();
}

// False: the answer was cut.
bool Session::PassContent(std::string_view content) {
  Exchange& exchange = *exchange_;
  if (content.empty()) return true;
  std::string clean;
  if (!exchange.echo->Pass(content, clean)) {
    Cut({"CredentialEchoed",
         "the body of the server's answer held the "
         "credential",
         "have the server's owner stop that"});
    return false;
  }
  exchange.bytes_out += clean.size();
  if (exchange.encoding == Encoding::kChunked) {
    AppendChunk(clean, out_.bytes);
  } else {
    out_.bytes.append(clean);
  }
  return true;
}

void Session::FinishAnswer() {
  Exchange& exchange = *exchange_;
  const std::string rest = exchange.echo->Rest();
  exchange.bytes_out += rest.size();
  if (exchange.encoding == Encoding::kChunked) {
    if (exchange.echo->IsIn(exchange.answer.trailers())) {
      return Cut({"CredentialEchoed",
                  "a trailer of the server's answer held "
                  "the credential",
                  "have the server's owner stop that"});
    }
    AppendChunk(rest, out_.bytes);
    AppendTrailers(exchange.answer.trailers(), {}, out_.bytes);
  } else {
    out_.bytes.append(rest);
  }
  const bool whole = exchange.sent_all && exchange.body.done();
  const bool keep_server =
      whole && exchange.response.keep_alive && server_out_.empty();
  const bool keep_client = whole && exchange.head.keep_alive && !draining_ &&
                           exchange.encoding != Encoding::kUntilClose;
  Report(exchange.response.status, "Allowed");
  phase_ = keep_client ? Phase::kHead : Phase::kClosing;
  if (!keep_client) SetDeadline(parts_.limits().idle);
  EndExchange(keep_server);
}

// The exchange cannot go on. Where nothing of an answer is out yet the client
// is told why; else its connection just ends, which shows that it was cut.
void Session::Cut(const Problem& problem) {
  Exchange& exchange = *exchange_;
  if (exchange.told || phase_ == Phase::kTunnel) {
    Report(problem.status(), problem.reason);
    out_.Clear();
    return Close();
  }
  if (exchange.answer_known) out_.bytes.resize(exchange.answer_at);
  Answer(problem);
}

bool Session::RelayTunnel() {
  bool moved = false;
  if (server_out_.left() <= kMaxWaiting && !in_.empty()) {
    exchange_->bytes_in += in_.size();
    server_out_.bytes.append(in_.bytes());
    in_.Consume(in_.size());
    moved = true;
  }
  moved |= WriteServer();
  moved |= ReadServer();
  if (out_.left() <= kMaxWaiting && !server_in_.empty()) {
    exchange_->bytes_out += server_in_.size();
    out_.bytes.append(server_in_.bytes());
    server_in_.Consume(server_in_.size());
    moved = true;
  }
  const bool done = (client_ended_ && server_out_.empty()) ||
                    (server_ended_ && out_.empty() && server_in_.empty());
  if (!done) return moved;
  Report(101, "Allowed");
  Close();
  return false;
}

void Session::Report(int status, std::string_view reason) {
  Proxied proxied;
  proxied.connection =
      exchange_ ? exchange_->connection : listener_->connection;
  // What came by the local API and did not get as far as to name one.
  if (proxied.connection.name.empty()) return;
  proxied.status = status;
  proxied.reason = reason;
  if (exchange_) {
    Exchange& exchange = *exchange_;
    if (std::exchange(exchange.logged, true)) return;
    proxied.method = exchange.head.method;
    proxied.bytes_in = exchange.bytes_in;
    proxied.bytes_out = exchange.bytes_out;
    proxied.took = parts_.loop().clock().SteadyNow() - exchange.began;
    if (exchange.door != nullptr) {
      const Permit& permit = exchange.door->permit();
      proxied.permit = &permit;
      proxied.route = RouteOf(permit.facts->endpoint, exchange.aimed.path);
    }
  }
  parts_.observer().OnProxied(proxied);
}

}  // namespace claviger::sidecar::proxy
