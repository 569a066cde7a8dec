// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/http_login.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sidecar/proxy/http/head.h"

namespace claviger::sidecar::probe {
namespace {

using proxy::Stream;

// Of the answer's head, and of those that come before it.
constexpr size_t kMaxAnswer = size_t{32} << 10U;
constexpr size_t kPiece = size_t{4} << 10U;
constexpr int kFirstFinal = 200;
constexpr int kSwitched = 101;

Error Closed() {
  return {ErrorCode::kUnavailable, "the server closed the connection"};
}

Error NoHttp() {
  return {ErrorCode::kMalformed, "what answers does not speak HTTP"};
}

}  // namespace

HttpLogin::HttpLogin(std::unique_ptr<Stream> stream, Secret request, Done done)
    : stream_(std::move(stream)),
      request_(std::move(request)),
      done_(std::move(done)) {}

void HttpLogin::Begin() {
  const auto self = shared_from_this();
  Write();
}

void HttpLogin::Write() {
  const std::string_view request = request_.Reveal();
  while (sent_ < request.size()) {
    const Stream::Moved moved = stream_->Write(request.substr(sent_));
    if (moved.outcome == Stream::Outcome::kBroken) {
      return Finish(Fail(Closed()));
    }
    if (moved.outcome != Stream::Outcome::kDone) {
      return Wait(moved.outcome, &HttpLogin::Write);
    }
    sent_ += moved.count;
  }
  Read();
}

void HttpLogin::Read() {
  std::array<char, kPiece> piece;
  while (!TakeHead()) {
    if (answer_.size() >= kMaxAnswer) return Finish(Fail(NoHttp()));
    const Stream::Moved moved = stream_->Read(piece);
    if (moved.outcome == Stream::Outcome::kEnded ||
        moved.outcome == Stream::Outcome::kBroken) {
      return Finish(Fail(answer_.empty() ? Closed() : NoHttp()));
    }
    if (moved.outcome != Stream::Outcome::kDone) {
      return Wait(moved.outcome, &HttpLogin::Read);
    }
    answer_.append(piece.data(), moved.count);
  }
}

bool HttpLogin::TakeHead() {
  while (true) {
    bool malformed = false;
    const size_t end = proxy::FindHeadEnd(answer_, looked_, malformed);
    if (end == 0 && !malformed) return false;
    proxy::ResponseHead head;
    if (malformed ||
        !proxy::ParseResponseHead(std::string_view(answer_).substr(0, end),
                                  "GET", head)) {
      Finish(Fail(NoHttp()));
      return true;
    }
    if (head.status >= kFirstFinal || head.status == kSwitched) {
      Finish(head.status);
      return true;
    }
    // An answer of 1xx: the final one follows.
    answer_.erase(0, end);
    looked_ = 0;
  }
}

void HttpLogin::Wait(Stream::Outcome wanted, void (HttpLogin::*then)()) {
  stream_->WaitFor(wanted, [weak = weak_from_this(),
                            then](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) (self.get()->*then)();
  });
}

void HttpLogin::Finish(Result<int> result) {
  if (Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace claviger::sidecar::probe
