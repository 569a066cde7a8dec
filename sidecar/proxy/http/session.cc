// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/session.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "http/server_response.h"

namespace claviger::sidecar::proxy {
namespace {

using boost::system::error_code;
using Outcome = Stream::Outcome;

// A client that is still sending would lose the answer to a reset if the
// socket were closed at once.
constexpr std::chrono::milliseconds kLingerFor{1'000};
constexpr size_t kLingerBytes = size_t{1} << 20U;

// SDKs that sign have no other place for it than the key's name, in
// "Credential=<secret>/20150830/...".
std::string_view KeyNameOf(std::string_view signature) {
  constexpr std::string_view kCredential = "Credential=";
  const size_t begin = signature.find(kCredential);
  if (begin == std::string_view::npos) return {};
  signature.remove_prefix(begin + kCredential.size());
  return signature.substr(0, signature.find('/'));
}

// The secret in "Bearer <secret>", "Basic base64(anything:<secret>)" or a
// signature of AWS's.
std::string SecretOf(std::string_view authorization) {
  const size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return "";
  const std::string_view scheme = authorization.substr(0, space);
  std::string_view value = authorization.substr(space + 1);
  if (SameName(scheme, "bearer")) return std::string(value);
  if (scheme == "AWS4-HMAC-SHA256") return std::string(KeyNameOf(value));
  if (!SameName(scheme, "basic")) return "";
  while (value.ends_with('=')) value.remove_suffix(1);
  std::string url(value);
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  const auto pair = Base64UrlDecode(url);
  if (!pair) return "";
  const size_t colon = pair->find(':');
  return colon == std::string::npos ? "" : pair->substr(colon + 1);
}

}  // namespace

Session::Session(HttpParts& parts, std::shared_ptr<const HttpListener> listener,
                 int fd)
    : Timed(parts.loop()),
      parts_(parts),
      listener_(std::move(listener)),
      client_(parts.loop(), fd),
      in_(parts.limits().max_head + 1),
      server_in_(parts.limits().max_answer_head + 1) {}

Session::~Session() {
  out_.Clear();
  server_out_.Clear();
}

void Session::Start() {
  SetDeadline(parts_.limits().head);
  Pump();
}

void Session::GoOn(std::string_view bytes) {
  const std::span<char> space = in_.Space();
  if (bytes.size() > space.size()) return Close();
  std::copy(bytes.begin(), bytes.end(), space.begin());
  in_.Received(bytes.size());
  Start();
}

void Session::Pump() {
  if (std::exchange(pumping_, true)) {
    again_ = true;
    return;
  }
  const auto self = shared_from_this();
  do {
    again_ = false;
    while (phase_ != Phase::kClosed && Step()) {
    }
  } while (again_);
  pumping_ = false;
  if (phase_ != Phase::kClosed) Arm();
}

// True where something moved, so that more may.
bool Session::Step() {
  bool moved = ReadClient();
  if (phase_ == Phase::kHead) moved |= TakeHead();
  if (phase_ == Phase::kExchange) {
    moved |= RelayRequest();
    if (phase_ == Phase::kExchange) moved |= WriteServer();
    if (phase_ == Phase::kExchange) moved |= ReadServer();
    if (phase_ == Phase::kExchange) moved |= RelayAnswer();
  }
  if (phase_ == Phase::kTunnel) moved |= RelayTunnel();
  if (phase_ != Phase::kClosed) moved |= WriteClient();
  return moved;
}

bool Session::WantsClient() const {
  if (client_ended_) return false;
  // In a decision the socket is left alone: pipelined bytes wait there.
  return phase_ != Phase::kDeciding && phase_ != Phase::kClosed && !in_.full();
}

void Session::Arm() {
  const auto self = shared_from_this();
  if (phase_ == Phase::kHead && in_.empty()) {
    in_.Release();
    server_in_.Release();
  }
  if (WantsClient() && !client_ready_ && !std::exchange(client_waits_, true)) {
    client_.WaitReadable([self](const error_code& error) {
      self->client_waits_ = false;
      if (error) return;
      self->client_ready_ = true;
      self->Pump();
    });
  }
  if (!out_.empty() && !std::exchange(client_write_waits_, true)) {
    client_.WaitWritable([self](const error_code& error) {
      self->client_write_waits_ = false;
      if (!error) self->Pump();
    });
  }
  if (server_ == nullptr) return;
  const uint64_t serial = server_serial_;
  if (!server_ready_ && !server_ended_ && !server_in_.full() &&
      !std::exchange(server_waits_, true)) {
    server_->WaitReadable([self, serial](const error_code& error) {
      if (error || serial != self->server_serial_) return;
      self->server_waits_ = false;
      self->server_ready_ = true;
      self->Pump();
    });
  }
  if (!server_out_.empty() && !std::exchange(server_write_waits_, true)) {
    server_->WaitWritable([self, serial](const error_code& error) {
      if (error || serial != self->server_serial_) return;
      self->server_write_waits_ = false;
      self->Pump();
    });
  }
}

bool Session::ReadClient() {
  if (!client_ready_ || !WantsClient()) return false;
  const std::span<char> space = in_.Space();
  const Stream::Moved moved = client_.Read(space);
  switch (moved.outcome) {
    case Outcome::kDone:
      in_.Received(moved.count);
      Touch();
      // Less than asked for: there was no more.
      client_ready_ = moved.count == space.size();
      if (phase_ != Phase::kClosing) return true;
      lingered_ += moved.count;
      in_.Release();
      if (lingered_ > kLingerBytes) Close();
      return true;
    case Outcome::kWantRead:
    case Outcome::kWantWrite:
      client_ready_ = false;
      return false;
    case Outcome::kEnded:
      client_ended_ = true;
      // A tunnel still takes what the server sends, and answers that are
      // written already go out; anything else is given up.
      if (phase_ == Phase::kExchange ||
          (phase_ != Phase::kTunnel && out_.empty())) {
        Close();
      }
      return phase_ != Phase::kClosed;
    case Outcome::kBroken:
      Close();
      return false;
  }
  return false;
}

bool Session::WriteClient() {
  if (out_.empty()) {
    if (phase_ == Phase::kClosing && !std::exchange(ended_writing_, true)) {
      client_.EndWriting();
      SetDeadline(kLingerFor);
    }
    return false;
  }
  const size_t before = out_.left();
  const Outcome outcome = out_.Flush(client_);
  if (outcome == Outcome::kBroken || outcome == Outcome::kEnded) {
    Close();
    return false;
  }
  if (out_.left() == before) return false;
  Touch();
  if (exchange_ && exchange_->answer_known) exchange_->told = true;
  const bool over = phase_ == Phase::kHead || phase_ == Phase::kClosing;
  if (out_.empty() && client_ended_ && over && in_.empty()) Close();
  return true;
}

bool Session::TakeHead() {
  if (in_.empty()) return false;
  // What goes back to the local API has nothing to write any more.
  if (listener_->give_back && !out_.empty()) return false;
  // The answers before must be out, or a client that does not read them could
  // go on asking.
  if (out_.left() > kMaxWaiting) return false;
  bool malformed = false;
  if (!std::exchange(head_began_, true)) SetDeadline(parts_.limits().head);
  const size_t size = FindHeadEnd(in_.bytes(), scanned_, malformed);
  if (malformed) {
    RefuseHead(400);
    return true;
  }
  if (size == 0) {
    if (in_.size() > parts_.limits().max_head) RefuseHead(431);
    return phase_ == Phase::kClosing;
  }
  exchange_.emplace(parts_.loop().clock().SteadyNow());
  exchange_->connection = listener_->connection;
  exchange_->head_bytes = in_.bytes().substr(0, size);
  in_.Consume(size);
  scanned_ = 0;
  head_began_ = false;
  const int refusal = ParseRequestHead(exchange_->head_bytes, exchange_->head);
  if (refusal != 0) {
    RefuseHead(refusal);
    return true;
  }
  exchange_->body.Start(exchange_->head.framing);
  if (listener_->give_back && !TakeApiTarget()) {
    Return();
    return false;
  }
  Decide();
  return true;
}

bool Session::TakeApiTarget() {
  auto parsed = ParseApiTarget(exchange_->head.target);
  if (!parsed) return false;
  exchange_->connection = std::move(parsed->connection);
  exchange_->target = parsed->rest;
  if (!exchange_->target.starts_with('/')) exchange_->target.insert(0, "/");
  exchange_->head.target = exchange_->target;
  return true;
}

// The request is the local API's own.
void Session::Return() {
  const auto self = shared_from_this();
  std::string bytes = std::move(exchange_->head_bytes);
  bytes.append(in_.bytes());
  const int fd = client_.Release();
  Close();
  if (fd < 0) return;
  listener_->give_back(std::make_shared<http::Handover>(
      fd, std::move(bytes), http::Peer{uid, std::nullopt}));
}

bool Session::IsAdmitted(const RequestHead& head) const {
  if (listener_->secret == nullptr) return true;
  const Field* field = FindField(head.fields, "authorization");
  if (field == nullptr) return false;
  std::string sent = SecretOf(field->value);
  const bool same = listener_->secret->Equals(sent);
  WipeString(sent);
  return same;
}

void Session::RefuseHead(int status) {
  AnswerResponse(http::MakeProblem(status), true);
  Report(status, "InvalidRequest");
  exchange_.reset();
}

void Session::Answer(const Problem& problem) {
  http::ServerResponse response = ToResponse(problem);
  if (problem.reason == "BadSecret") {
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"claviger\"");
  }
  // What is left of its body would be taken for the next request.
  const bool close = !exchange_ || !exchange_->body.done();
  AnswerResponse(std::move(response), close);
  Report(problem.status(), problem.reason);
  EndExchange(false);
}

void Session::AnswerResponse(http::ServerResponse response, bool close) {
  const bool head_only = exchange_ && exchange_->head.method == "HEAD";
  close = close || draining_ || !exchange_ || !exchange_->head.keep_alive;
  http::AppendHead(response, close, out_.bytes);
  if (!head_only) out_.bytes.append(response.body);
  phase_ = close ? Phase::kClosing : Phase::kHead;
  SetDeadline(parts_.limits().idle);
}

// The answer is in `out_` whole; the next request may come. `keep`: the
// server's connection may serve another one.
void Session::EndExchange(bool keep) {
  attempt_.reset();
  ++server_serial_;
  if (server_ != nullptr && keep && server_in_.empty() && !server_ended_) {
    exchange_->door->Keep(std::move(server_));
  }
  server_.reset();
  server_in_.Consume(server_in_.size());
  server_out_.Clear();
  server_scanned_ = 0;
  server_ready_ = server_ended_ = false;
  server_waits_ = server_write_waits_ = false;
  exchange_.reset();
  if (phase_ == Phase::kHead) SetDeadline(parts_.limits().idle);
}

void Session::Touch() { moved_at_ = parts_.loop().clock().SteadyNow(); }

void Session::OnDeadline() {
  const auto self = shared_from_this();
  const HttpLimits& limits = parts_.limits();
  switch (phase_) {
    case Phase::kHead:
      if (in_.empty()) return Close();
      RefuseHead(408);
      return Pump();
    case Phase::kDeciding:
      Answer({"UpstreamTimeout", "the request could not be sent in time",
              "try again"});
      return Pump();
    case Phase::kExchange:
    case Phase::kTunnel: {
      const auto quiet = parts_.loop().clock().SteadyNow() - moved_at_;
      const bool waiting = phase_ == Phase::kExchange && exchange_->sent_all &&
                           !exchange_->answer_known;
      if (quiet < (waiting ? limits.answer : limits.stall)) {
        SetDeadline(limits.recheck);
        return Recheck();
      }
      Cut({"UpstreamTimeout", "the server did not answer in time",
           "try again"});
      return Pump();
    }
    default:
      return Close();
  }
}

void Session::Drain() {
  draining_ = true;
  const bool idle = phase_ == Phase::kHead && in_.empty() && out_.empty() &&
                    client_.IsQuiet();
  if (idle) Close();
}

void Session::Close() {
  if (phase_ == Phase::kClosed) return;
  const auto self = shared_from_this();
  if (exchange_ && !exchange_->logged && exchange_->door != nullptr) {
    Report(0, "Allowed");
  }
  phase_ = Phase::kClosed;
  ClearDeadline();
  EndExchange(false);
  client_.Close();
  in_.Release();
  out_.Clear();
  parts_.Remove(*this);
}

}  // namespace claviger::sidecar::proxy
