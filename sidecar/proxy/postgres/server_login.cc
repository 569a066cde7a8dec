// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/server_login.h"

#include <array>
#include <utility>

namespace claviger::sidecar::proxy::pg {
namespace {

constexpr size_t kPiece = size_t{4} << 10U;

}  // namespace

ServerLogin::ServerLogin(Loop& loop, std::unique_ptr<Stream> stream,
                         postgres::LoginWish wish, Random& random, Done done,
                         std::chrono::milliseconds deadline)
    : Timed(loop),
      stream_(std::move(stream)),
      login_(std::move(wish), random),
      deadline_(deadline),
      done_(std::move(done)) {}

ServerLogin::~ServerLogin() { WipeString(out_); }

void ServerLogin::Begin() {
  SetDeadline(deadline_);
  out_ = login_.Begin();
  Advance();
}

void ServerLogin::Advance() {
  const auto self = shared_from_this();
  while (done_ && WriteAll() && ReadSome()) {
  }
}

bool ServerLogin::WriteAll() {
  while (sent_ < out_.size()) {
    const Stream::Moved moved =
        stream_->Write(std::string_view(out_).substr(sent_));
    if (moved.outcome == Stream::Outcome::kDone) {
      sent_ += moved.count;
    } else if (moved.outcome == Stream::Outcome::kBroken) {
      Finish(
          Error{ErrorCode::kUnavailable, "the server closed the connection"});
      return false;
    } else {
      Wait(moved.outcome);
      return false;
    }
  }
  WipeString(out_);
  sent_ = 0;
  return true;
}

bool ServerLogin::ReadSome() {
  std::array<char, kPiece> piece;
  const Stream::Moved moved = stream_->Read(piece);
  if (moved.outcome == Stream::Outcome::kEnded ||
      moved.outcome == Stream::Outcome::kBroken) {
    Finish(Error{ErrorCode::kUnavailable, "the server closed the connection"});
    return false;
  }
  if (moved.outcome != Stream::Outcome::kDone) {
    Wait(moved.outcome);
    return false;
  }
  switch (login_.Feed({piece.data(), moved.count}, out_)) {
    case postgres::Login::State::kGoing:
      return true;
    case postgres::Login::State::kFailed:
      Finish(login_.failure());
      return false;
    case postgres::Login::State::kDone:
      break;
  }
  Finish(In{std::move(stream_), login_.Take()});
  return false;
}

void ServerLogin::Wait(Stream::Outcome wanted) {
  stream_->WaitFor(wanted, [weak = weak_from_this()](
                               const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) self->Advance();
  });
}

void ServerLogin::Finish(Outcome outcome) {
  ClearDeadline();
  if (Done done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

void ServerLogin::OnDeadline() {
  const auto self = shared_from_this();
  Finish(Error{ErrorCode::kDeadlineExceeded,
               "the login at the server did not end in time"});
}

}  // namespace claviger::sidecar::proxy::pg
