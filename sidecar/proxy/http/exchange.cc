// SPDX-License-Identifier: Apache-2.0
//
// The server's half of a Session: from a request that was understood to the
// answer that goes back.
#include <algorithm>
#include <utility>

#include "base/result.h"
#include "sidecar/proxy/http/aws_fields.h"
#include "sidecar/proxy/http/session.h"

namespace claviger::sidecar::proxy {
namespace {

using Outcome = Stream::Outcome;

// What is not taken by the other side yet, before more is read.
constexpr size_t kMaxWaiting = size_t{64} * 1024;
// Of a request's body, to be able to send it once more.
constexpr size_t kMaxReplay = size_t{64} * 1024;
constexpr int kMaxInterim = 16;

Problem FromOpening(const Error& error) {
  switch (error.code) {
    case ErrorCode::kPermissionDenied:
      return {"AddressRefused", error.message,
              "have the sidecar's configuration allow it, or name another "
              "host"};
    case ErrorCode::kUnauthenticated:
      return {"UpstreamUntrusted", error.message, "correct endpoint.tls"};
    case ErrorCode::kDeadlineExceeded:
      return {"UpstreamTimeout", error.message, "try again"};
    default:
      return {"UpstreamUnavailable", error.message, "try again"};
  }
}

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

void Session::Decide() {
  const RequestHead& head = exchange_->head;
  const bool tcp = listener_->secret != nullptr;
  const std::string_view host = head.host.substr(0, head.host.rfind(':'));
  if (tcp && host != "127.0.0.1" && host != "localhost") {
    return Answer({"HostRefused", "the Host header is not a loopback address",
                   "call http://127.0.0.1:<port>"});
  }
  if (!IsAdmitted(head)) {
    return Answer({"BadSecret", "the pod's secret is missing or wrong",
                   "send it as the password of basic authentication, or as a "
                   "bearer token"});
  }
  if (FindField(head.fields, "x-claviger-user-token") != nullptr) {
    return Answer({"CapabilityMissing",
                   "requests for end users cannot be sent upstream yet",
                   "leave X-Claviger-User-Token out: the request is the "
                   "pod's own"});
  }
  phase_ = Phase::kDeciding;
  SetDeadline(parts_.limits().decide);
  parts_.access().Obtain(listener_->connection,
                         [weak = weak_from_this(),
                          serial = server_serial_](Access::Answer answer) {
                           const auto self = weak.lock();
                           if (!self || self->server_serial_ != serial ||
                               self->phase_ != Phase::kDeciding) {
                             return;
                           }
                           self->OnDecided(std::move(answer));
                           self->Pump();
                         });
}

void Session::OnDecided(Access::Answer answer) {
  if (const auto* problem = std::get_if<Problem>(&answer)) {
    return Answer(*problem);
  }
  auto door = parts_.DoorFor(std::get<Permit>(answer));
  if (const auto* problem = std::get_if<Problem>(&door)) {
    return Answer(*problem);
  }
  Enter(std::move(std::get<std::shared_ptr<Door>>(door)));
}

void Session::Enter(std::shared_ptr<Door> door) {
  Exchange& exchange = *exchange_;
  exchange.door = std::move(door);
  const Door& way = *exchange.door;
  if (auto problem = Aim(way.endpoint(), way.origin(), exchange.head.method,
                         exchange.head.target, exchange.aimed)) {
    return Answer(*problem);
  }
  if (const auto& key = way.placement().aws) {
    if (auto problem = PrepareAws(exchange.head, way.endpoint(), way.origin(),
                                  *key, exchange.aimed)) {
      return Answer(*problem);
    }
  }
  Connect(false);
}

// Begins the request anew, over a kept connection unless `fresh`.
void Session::Connect(bool fresh) {
  Exchange& exchange = *exchange_;
  ++server_serial_;
  server_.reset();
  server_in_.Consume(server_in_.size());
  server_out_.Clear();
  server_scanned_ = 0;
  server_ready_ = server_ended_ = false;
  server_waits_ = server_write_waits_ = false;
  exchange.echo.emplace(exchange.door->placement().needles);
  AppendRequest(exchange.head, exchange.door->origin(), exchange.aimed,
                exchange.door->placement(), parts_.loop().clock().Now(),
                server_out_.bytes);
  server_out_.bytes += exchange.replay;
  auto kept = fresh ? nullptr : exchange.door->TakeIdle();
  exchange.reused = kept != nullptr;
  if (kept != nullptr) return OnOpened(std::move(kept));
  phase_ = Phase::kDeciding;
  SetDeadline(parts_.limits().decide);
  attempt_ =
      exchange.door->Open([weak = weak_from_this(), serial = server_serial_](
                              Result<std::unique_ptr<Stream>> stream) {
        const auto self = weak.lock();
        if (!self || self->server_serial_ != serial) return;
        self->OnOpened(std::move(stream));
        self->Pump();
      });
}

void Session::OnOpened(Result<std::unique_ptr<Stream>> stream) {
  if (!stream) return Answer(FromOpening(stream.error()));
  server_ = *std::move(stream);
  server_ready_ = server_->HasPending();
  phase_ = Phase::kExchange;
  Touch();
  SetDeadline(parts_.limits().recheck);
}

bool Session::RelayRequest() {
  Exchange& exchange = *exchange_;
  if (exchange.sent_all || server_out_.left() > kMaxWaiting) return false;
  std::string_view bytes = in_.bytes();
  const size_t before = bytes.size();
  while (server_out_.left() <= kMaxWaiting) {
    std::string_view content;
    const BodyDecoder::State state = exchange.body.Next(bytes, content);
    if (state == BodyDecoder::State::kMalformed) {
      Cut({"InvalidRequest", "the body is not framed as HTTP frames it",
           "send whole chunks without extensions"});
      return true;
    }
    if (state == BodyDecoder::State::kMore) break;
    AppendBody(content);
    exchange.sent_all = exchange.body.done();
    if (exchange.sent_all) break;
  }
  in_.Consume(before - bytes.size());
  return before != bytes.size() || exchange.sent_all;
}

// The piece goes on in our framing, and is kept as long as it may have to be
// sent again.
void Session::AppendBody(std::string_view content) {
  Exchange& exchange = *exchange_;
  const size_t begin = server_out_.bytes.size();
  exchange.bytes_in += content.size();
  if (exchange.head.framing.kind == Framing::Kind::kChunked) {
    AppendChunk(content, server_out_.bytes);
    if (exchange.body.done()) {
      AppendTrailers(exchange.body.trailers(), exchange.door->placement(),
                     server_out_.bytes);
    }
  } else {
    server_out_.bytes.append(content);
  }
  if (!exchange.replayable) return;
  exchange.replay.append(server_out_.bytes, begin);
  if (exchange.replay.size() <= kMaxReplay) return;
  exchange.replayable = false;
  exchange.replay = {};
}

bool Session::WriteServer() {
  if (server_out_.empty()) return false;
  const size_t before = server_out_.left();
  const Outcome outcome = server_out_.Flush(*server_);
  if (outcome == Outcome::kBroken || outcome == Outcome::kEnded) {
    // It may have answered before it stopped listening.
    server_out_.Clear();
    exchange_->sent_all = true;
    exchange_->replayable = exchange_->replayable && exchange_->body.done();
    server_ready_ = true;
    return true;
  }
  if (server_out_.left() == before) return false;
  Touch();
  return true;
}

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
  exchange.replaced = true;
  phase_ = Phase::kDeciding;
  SetDeadline(parts_.limits().decide);
  parts_.access().Replace(exchange.door->permit(),
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
  return true;
}

void Session::OnRenewed(Access::Answer answer) {
  if (auto* permit = std::get_if<Permit>(&answer)) {
    auto door = parts_.DoorFor(*permit);
    if (auto* open = std::get_if<std::shared_ptr<Door>>(&door)) {
      return Enter(std::move(*open));
    }
  }
  // There is no other: the server's own answer says it best.
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

// Long answers and tunnels end soon after the right to them has.
void Session::Recheck() {
  if (exchange_->door == nullptr) return;
  parts_.access().Obtain(listener_->connection,
                         [weak = weak_from_this(),
                          serial = server_serial_](Access::Answer answer) {
                           const auto self = weak.lock();
                           if (!self || self->server_serial_ != serial) return;
                           const auto* problem = std::get_if<Problem>(&answer);
                           // Vault being away takes nothing away from what is
                           // under way.
                           if (problem == nullptr || problem->status() >= 500)
                             return;
                           self->Cut(*problem);
                           self->Pump();
                         });
}

void Session::Report(int status, std::string_view reason) {
  Proxied proxied;
  proxied.connection = listener_->connection;
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
