// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/upstream.h"

#include <algorithm>
#include <utility>

#include "postgres/login.h"
#include "postgres/startup.h"

namespace claviger::sidecar::proxy::pg {

Upstream::Upstream(Loop& loop, Dialer& dialer,
                   std::shared_ptr<const ServerRoute> route,
                   std::vector<ServerAddress> addresses, Done done,
                   std::chrono::milliseconds answer_deadline)
    : Timed(loop),
      dialer_(dialer),
      route_(std::move(route)),
      left_(std::move(addresses)),
      answer_deadline_(answer_deadline),
      done_(std::move(done)) {
  std::reverse(left_.begin(), left_.end());
}

std::shared_ptr<Upstream> Upstream::Open(
    Loop& loop, Dialer& dialer, std::shared_ptr<const ServerRoute> route,
    std::vector<ServerAddress> addresses, Done done,
    std::chrono::milliseconds answer_deadline) {
  auto upstream = std::make_shared<Upstream>(loop, dialer, std::move(route),
                                             std::move(addresses),
                                             std::move(done), answer_deadline);
  upstream->TryNext({ErrorCode::kUnavailable, "no address to connect to"});
  return upstream;
}

std::shared_ptr<Upstream> Upstream::OpenOn(
    Loop& loop, Dialer& dialer, std::shared_ptr<const ServerRoute> route,
    std::unique_ptr<Stream> stream, Done done) {
  auto upstream =
      std::make_shared<Upstream>(loop, dialer, std::move(route),
                                 std::vector<ServerAddress>(), std::move(done));
  upstream->OnConnected(std::move(stream));
  return upstream;
}

std::vector<ServerAddress> Upstream::TakeLeft() {
  std::reverse(left_.begin(), left_.end());
  return std::exchange(left_, {});
}

void Upstream::TryNext(Error last) {
  stream_.reset();
  ClearDeadline();
  if (left_.empty()) return Finish(claviger::Fail(std::move(last)));
  address_ = std::move(left_.back());
  left_.pop_back();
  attempt_ = dialer_.Connect(
      address_.host, address_.port,
      [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
        const auto self = weak.lock();
        if (!self) return;
        if (!stream) return self->TryNext(std::move(stream.error()));
        self->OnConnected(std::move(*stream));
      });
}

void Upstream::OnConnected(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  if (!route_->tls) return Finish(std::move(stream_));
  SetDeadline(answer_deadline_);
  asking_ = postgres::MakeSslRequest();
  Ask();
}

// Eight bytes into an empty socket buffer.
void Upstream::Ask() {
  const Stream::Moved moved = stream_->Write(asking_);
  if (moved.outcome != Stream::Outcome::kDone ||
      moved.count != asking_.size()) {
    return TryNext(
        {ErrorCode::kUnavailable, "the server closed the connection"});
  }
  ReadAnswer();
}

void Upstream::ReadAnswer() {
  char answer = 0;
  const Stream::Moved moved = stream_->Read({&answer, 1});
  if (moved.outcome == Stream::Outcome::kWantRead) {
    return stream_->WaitReadable(
        [weak = weak_from_this()](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (self && !error && self->stream_) self->ReadAnswer();
        });
  }
  if (moved.outcome != Stream::Outcome::kDone) {
    return TryNext(
        {ErrorCode::kUnavailable, "the server closed the connection"});
  }
  switch (postgres::ReadSslAnswer(answer)) {
    case postgres::SslAnswer::kYes:
      return Secure();
    case postgres::SslAnswer::kNo:
      return TryNext({ErrorCode::kUnauthenticated, "the server speaks no TLS"});
    case postgres::SslAnswer::kNonsense:
      return TryNext(
          {ErrorCode::kUnavailable, "the server is no PostgreSQL server"});
  }
}

void Upstream::Secure() {
  ClearDeadline();
  attempt_ = dialer_.Secure(
      std::move(stream_), *route_->tls,
      [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
        const auto self = weak.lock();
        if (!self) return;
        if (!stream) return self->TryNext(std::move(stream.error()));
        self->Finish(std::move(*stream));
      },
      address_.name);
}

void Upstream::Finish(Result<std::unique_ptr<Stream>> result) {
  const auto self = shared_from_this();
  ClearDeadline();
  if (Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

void Upstream::OnDeadline() {
  const auto self = shared_from_this();
  TryNext({ErrorCode::kDeadlineExceeded, "the server did not answer in time"});
}

}  // namespace claviger::sidecar::proxy::pg
