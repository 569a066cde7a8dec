// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "postgres/backend.h"
#include "sidecar/proxy/postgres/faults.h"

namespace claviger::sidecar::proxy::pg {
namespace {

namespace sqlstate = postgres::sqlstate;

constexpr std::chrono::milliseconds kLingerDeadline{1'000};
constexpr size_t kLingerBytes = size_t{256} << 10U;
constexpr size_t kShortKey = 4;  // of protocol 3.0
constexpr size_t kLongKey = 32;

// Where the server's end of the connection is.
ServerAddress PeerOf(Stream& stream) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getpeername(stream.fd(), reinterpret_cast<sockaddr*>(&storage), &size);
  ServerAddress address;
  IpAddress ip;
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    std::memcpy(ip.bytes.data(), &v4->sin_addr, 4);
    address.port = ntohs(v4->sin_port);
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    std::memcpy(ip.bytes.data(), &v6->sin6_addr, 16);
    ip.v4 = false;
    address.port = ntohs(v6->sin6_port);
  }
  address.host = ToString(ip);
  return address;
}

}  // namespace

Session::Session(Home& home, std::unique_ptr<Stream> client,
                 const postgres::ScramVerifier* verifier)
    : Timed(home.parts().loop),
      home_(home),
      since_(home.parts().loop.clock().SteadyNow()),
      client_(std::move(client)),
      verifier_(verifier) {
  report_.connection = home.parts().connection;
}

void Session::Begin() {
  SetDeadline(home_.parts().deadlines.client);
  Read();
}

void Session::Read() {
  client_->WaitReadable(
      [self = shared_from_this()](const boost::system::error_code& error) {
        if (error || self->state_ == State::kGone) return;
        self->OnBytes();
      });
}

void Session::OnBytes() {
  std::array<char, 4'096> space;
  const Stream::Moved moved = client_->Read(space);
  if (moved.outcome == Stream::Outcome::kEnded ||
      moved.outcome == Stream::Outcome::kBroken) {
    return Gone();
  }
  if (moved.outcome != Stream::Outcome::kDone) return Read();
  if (state_ == State::kEnding) {
    lingered_ += moved.count;
    return lingered_ > kLingerBytes ? Gone() : Read();
  }
  held_.append(space.data(), moved.count);
  if (state_ == State::kProving) return Prove();
  while (state_ == State::kFirst && TakeFirst()) {
  }
}

bool Session::TakeFirst() {
  postgres::FirstPacket packet = postgres::ReadFirstPacket(held_);
  if (std::holds_alternative<postgres::NeedMore>(packet.value)) {
    Read();
    return false;
  }
  if (const auto* bad = std::get_if<postgres::BadPacket>(&packet.value)) {
    Refuse(Fault(report_.connection, bad->sqlstate, "InvalidRequest", bad->what,
                 "connect with sslmode=disable, by protocol 3"),
           "InvalidRequest");
    return false;
  }
  if (std::holds_alternative<postgres::SslRequest>(packet.value)) {
    return AnswerEncryption(asked_ssl_, packet.size);
  }
  if (std::holds_alternative<postgres::GssRequest>(packet.value)) {
    return AnswerEncryption(asked_gss_, packet.size);
  }
  if (const auto* cancel =
          std::get_if<postgres::CancelRequest>(&packet.value)) {
    home_.Cancel(*cancel, std::move(client_));
    Gone();
    return false;
  }
  TakeStartup(std::move(std::get<postgres::StartupPacket>(packet.value)),
              packet.size);
  return false;
}

// No, by one byte, once. What comes before that answer was not meant for it.
bool Session::AnswerEncryption(bool& asked_before, size_t size) {
  const bool again = std::exchange(asked_before, true);
  if (again || held_.size() != size) {
    Refuse(Fault(report_.connection, sqlstate::kProtocolViolation,
                 "InvalidRequest", "encryption asked for out of turn",
                 "connect with sslmode=disable"),
           "InvalidRequest");
    return false;
  }
  held_.clear();
  if (client_->Write("N").outcome != Stream::Outcome::kDone) {
    Gone();
    return false;
  }
  Read();
  return false;
}

void Session::TakeStartup(postgres::StartupPacket packet, size_t size) {
  held_.erase(0, size);
  packet_ = std::move(packet);
  if (!home_.MayEnter()) {
    return Refuse(Fault(report_.connection, sqlstate::kTooManyConnections,
                        "TooManySessions", "too many sessions by this sidecar",
                        "use fewer connections, or a pool"),
                  "TooManySessions");
  }
  if (verifier_ == nullptr) return Enter();
  state_ = State::kProving;
  check_.emplace(*verifier_, home_.parts().random);
  if (client_->Write(check_->Begin()).outcome != Stream::Outcome::kDone) {
    return Gone();
  }
  Prove();
}

void Session::Prove() {
  std::string out;
  const postgres::ClientCheck::State state = check_->Feed(held_, out);
  if (!out.empty() && client_->Write(out).outcome != Stream::Outcome::kDone) {
    return Gone();
  }
  switch (state) {
    case postgres::ClientCheck::State::kGoing:
      return Read();
    case postgres::ClientCheck::State::kRight:
      check_.reset();
      return Enter();
    case postgres::ClientCheck::State::kWrong:
      break;
  }
  Refuse(Fault(report_.connection, sqlstate::kBadPassword, "Unauthenticated",
               "the password is not this pod's secret",
               "use the password file that the sidecar wrote, or its socket"),
         "Unauthenticated");
}

// Nothing is read of the client meanwhile, and each step has its own deadline.
void Session::Enter() {
  state_ = State::kEntering;
  ClearDeadline();
  entry_ = std::make_shared<Entry>(
      home_.parts(), std::move(*packet_),
      [weak = weak_from_this()](Entry::Outcome outcome) {
        if (const auto self = weak.lock()) self->OnEntered(std::move(outcome));
      });
  packet_.reset();
  const auto entry = entry_;
  entry->Begin();
}

void Session::OnEntered(Entry::Outcome outcome) {
  if (state_ != State::kEntering) return;
  // It is still within its own call.
  home_.parts().loop.Post([entry = std::move(entry_)] {});
  if (const auto* error = std::get_if<postgres::ErrorFields>(&outcome)) {
    return Refuse(*error, ReasonOf(*error));
  }
  auto& entered = std::get<Entered>(outcome);
  if (revoked_) {
    return Refuse(*revoked_,
                  report_.outcome.empty() ? "revoked" : report_.outcome);
  }
  state_ = State::kOpen;
  server_ = std::move(entered.stream);
  route_ = entered.route;
  report_.opened = true;
  report_.slot = route_->slot;
  report_.database = entered.startup.database;
  report_.generation = entered.generation;
  report_.stale = entered.stale;
  report_.degraded = entered.degraded;
  pump_ = std::make_unique<Pump>(home_.parts().loop, *client_, *server_,
                                 home_.space(), *this, weak_from_this());
  home_.OnOpened(*this);
  pump_->Start(Welcome(entered));
}

Pump::Beginning Session::Welcome(Entered& entered) {
  const uint32_t minor = entered.login.minor;
  const StartupPlan& startup = entered.startup;
  std::string out;
  if (startup.minor_lowered || minor < startup.minor ||
      !startup.unknown_options.empty()) {
    postgres::AppendNegotiateVersion(out, minor, startup.unknown_options);
  }
  postgres::AppendAuthenticationOk(out);
  out += entered.login.greeting;
  if (!entered.login.cancel_key.empty()) {
    CancelTarget target;
    target.route = route_;
    target.address = PeerOf(*server_);
    target.address.name = entered.host;
    target.pid = entered.login.pid;
    target.key = std::move(entered.login.cancel_key);
    const auto issued =
        home_.IssueKey(std::move(target), minor < 2 ? kShortKey : kLongKey);
    cancel_pid_ = issued.pid;
    postgres::AppendBackendKey(out, issued.pid, issued.key);
  }
  postgres::AppendReadyForQuery(out, entered.login.status);
  return {std::move(out), std::move(entered.login.rest),
          std::exchange(held_, {}), entered.login.status};
}

void Session::Revoke(postgres::ErrorFields error,
                     std::chrono::milliseconds grace) {
  if (state_ != State::kEntering && state_ != State::kOpen) return;
  if (std::exchange(revoked_, std::move(error))) return;
  if (state_ == State::kEntering) return;  // it ends as soon as it is in
  if (pump_->is_idle()) return CutNow();
  SetDeadline(grace);
}

void Session::Stop(postgres::ErrorFields error,
                   std::chrono::milliseconds drain) {
  if (state_ == State::kFirst || state_ == State::kProving) return Gone();
  if (state_ != State::kOpen && state_ != State::kEntering) return;
  if (report_.outcome.empty()) report_.outcome = "stopped";
  // Whoever is to go already has less time now.
  revoked_.reset();
  Revoke(std::move(error), drain);
}

void Session::CutNow() {
  const auto self = shared_from_this();
  const bool may_speak = state_ != State::kOpen || pump_->at_boundary();
  if (pump_) pump_->Stop();
  if (report_.outcome.empty()) report_.outcome = "revoked";
  if (!may_speak) return Gone();
  Refuse(*revoked_, report_.outcome);
}

void Session::Refuse(const postgres::ErrorFields& error, std::string reason) {
  report_.outcome = std::move(reason);
  report_.sqlstate = error.sqlstate;
  client_->Write(postgres::MakeError(error));
  Linger();
}

// Closing at once would lose the error where the client still sends.
void Session::Linger() {
  state_ = State::kEnding;
  server_.reset();
  client_->EndWriting();
  SetDeadline(kLingerDeadline);
  Read();
}

void Session::OnProgress() {
  if (revoked_ && state_ == State::kOpen && pump_->is_idle()) CutNow();
}

void Session::OnEnd() {
  if (report_.outcome.empty()) report_.outcome = "ended";
  Gone();
}

void Session::OnDeadline() {
  if (state_ == State::kOpen && revoked_) return CutNow();
  if (state_ == State::kFirst || state_ == State::kProving) {
    report_.outcome = "TimedOut";
  }
  Gone();
}

void Session::Gone() {
  if (std::exchange(state_, State::kGone) == State::kGone) return;
  const auto self = shared_from_this();
  ClearDeadline();
  if (pump_) {
    pump_->Stop();
    report_.bytes_to_client = pump_->bytes_to_client();
    report_.bytes_to_server = pump_->bytes_to_server();
  }
  if (client_) client_->Close();
  if (server_) {
    server_->EndWriting();
    server_->Close();
  }
  entry_.reset();
  if (cancel_pid_ != 0) home_.DropKey(cancel_pid_);
  report_.duration = home_.parts().loop.clock().SteadyNow() - since_;
  // Not from within a call of the pump's.
  home_.parts().loop.Post([self] {});
  home_.Remove(*self, report_);
}

}  // namespace claviger::sidecar::proxy::pg
