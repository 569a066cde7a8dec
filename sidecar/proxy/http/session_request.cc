// SPDX-License-Identifier: Apache-2.0
//
// A Session's way to the server: from a request that was understood to its last
// byte.

#include <utility>

#include "base/result.h"
#include "sidecar/proxy/http/aws_fields.h"
#include "sidecar/proxy/http/session.h"

namespace claviger::sidecar::proxy {
namespace {

using Outcome = Stream::Outcome;

// Of a request's body, to be able to send it once more.
constexpr size_t kMaxReplay = size_t{64} * 1024;

}  // namespace

void Session::Decide() {
  const RequestHead& head = exchange_->head;
  if (listener_->give_back && FindField(head.fields, "origin") != nullptr) {
    return Answer({"BrowserRefused", "the request carries an Origin header",
                   "call from the application's server side"});
  }
  if (listener_->refusal) return Answer(*listener_->refusal);
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
  parts_.access().Obtain(exchange_->connection,
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
  if (way.token() != nullptr) return AskForToken();
  Proceed(way.placement());
}

void Session::AskForToken() {
  phase_ = Phase::kDeciding;
  SetDeadline(parts_.limits().decide);
  exchange_->door->token()->Get(
      [weak = weak_from_this(),
       serial = server_serial_](OauthToken::Answer answer) {
        const auto self = weak.lock();
        if (!self || self->server_serial_ != serial ||
            self->phase_ != Phase::kDeciding) {
          return;
        }
        self->OnToken(std::move(answer));
        self->Pump();
      });
}

void Session::OnToken(OauthToken::Answer answer) {
  if (auto* placement =
          std::get_if<std::shared_ptr<const Placement>>(&answer)) {
    return Proceed(std::move(*placement));
  }
  const Problem& problem = std::get<Problem>(answer);
  if (exchange_->held) return GoOnWithRefusal();
  // The client's secret may have been rotated.
  if (problem.reason == "CredentialRefused" && !exchange_->replaced) {
    exchange_->replaced = true;
    return Replace();
  }
  Answer(problem);
}

void Session::Proceed(std::shared_ptr<const Placement> placement) {
  Exchange& exchange = *exchange_;
  exchange.placement = std::move(placement);
  if (const auto& key = exchange.placement->aws) {
    const Door& way = *exchange.door;
    if (auto problem = UnwrapAws(exchange.head, exchange.chunks)) {
      return Answer(*problem);
    }
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
  exchange.held = false;
  exchange.echo.emplace(exchange.placement->needles);
  AppendRequest(exchange.head, exchange.door->origin(), exchange.aimed,
                *exchange.placement, parts_.loop().clock().Now(),
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
    if (!AppendBody(content)) {
      Cut({"InvalidRequest", "the body is not in signed chunks as was told",
           "send chunks of the length that x-amz-decoded-content-length "
           "tells"});
      return true;
    }
    exchange.sent_all = exchange.body.done();
    if (exchange.sent_all) break;
  }
  in_.Consume(before - bytes.size());
  return before != bytes.size() || exchange.sent_all;
}

// The piece goes on in our framing, and is kept as long as it may have to be
// sent again.
bool Session::AppendBody(std::string_view content) {
  Exchange& exchange = *exchange_;
  std::string unwrapped;
  if (exchange.chunks) {
    if (!exchange.chunks->Take(content, unwrapped)) return false;
    if (exchange.body.done() && !exchange.chunks->done()) return false;
    content = unwrapped;
  }
  const size_t begin = server_out_.bytes.size();
  exchange.bytes_in += content.size();
  if (exchange.head.framing.kind == Framing::Kind::kChunked) {
    AppendChunk(content, server_out_.bytes);
    if (exchange.body.done()) {
      AppendTrailers(exchange.body.trailers(), *exchange.placement,
                     server_out_.bytes);
    }
  } else {
    server_out_.bytes.append(content);
  }
  if (!exchange.replayable) return true;
  exchange.replay.append(server_out_.bytes, begin);
  if (exchange.replay.size() <= kMaxReplay) return true;
  exchange.replayable = false;
  exchange.replay = {};
  return true;
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

// Long answers and tunnels end soon after the right to them has.
void Session::Recheck() {
  if (exchange_->door == nullptr) return;
  parts_.access().Obtain(exchange_->connection,
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

}  // namespace claviger::sidecar::proxy
