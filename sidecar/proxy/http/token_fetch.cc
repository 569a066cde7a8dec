// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/token_fetch.h"

#include <array>
#include <utility>

#include "sidecar/proxy/http/body.h"
#include "sidecar/proxy/http/head.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kMaxAnswer = size_t{64} * 1024;
constexpr std::chrono::milliseconds kDeadline{15'000};

Error NoAnswer(const char* why) { return {ErrorCode::kUnavailable, why}; }

}  // namespace

TokenFetch::TokenFetch(Loop& loop, Dialer& dialer, const TlsClient* tls,
                       Done done)
    : Timed(loop), dialer_(dialer), tls_(tls), done_(std::move(done)) {}

void TokenFetch::Start(const Origin& origin, std::string_view request) {
  SetDeadline(kDeadline);
  out_.bytes = request;
  attempt_ = dialer_.Connect(
      origin.host, origin.port,
      [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
        if (const auto self = weak.lock()) self->OnConnected(std::move(stream));
      });
}

void TokenFetch::OnConnected(Result<std::unique_ptr<Stream>> stream) {
  if (!stream || tls_ == nullptr) return OnOpened(std::move(stream));
  attempt_ = dialer_.Secure(
      *std::move(stream), *tls_,
      [weak = weak_from_this()](Result<std::unique_ptr<Stream>> secured) {
        if (const auto self = weak.lock()) self->OnOpened(std::move(secured));
      });
}

void TokenFetch::OnOpened(Result<std::unique_ptr<Stream>> stream) {
  if (!stream) return End(Fail(std::move(stream.error())));
  stream_ = *std::move(stream);
  Move();
}

void TokenFetch::Move() {
  if (!out_.empty()) {
    const Stream::Outcome outcome = out_.Flush(*stream_);
    if (outcome != Stream::Outcome::kDone) return Wait(outcome);
  }
  std::array<char, 4096> space{};
  while (true) {
    const Stream::Moved moved = stream_->Read(space);
    if (moved.outcome == Stream::Outcome::kWantRead ||
        moved.outcome == Stream::Outcome::kWantWrite) {
      return Wait(moved.outcome);
    }
    const bool closed = moved.outcome != Stream::Outcome::kDone;
    if (!closed) received_.append(space.data(), moved.count);
    explicit_bzero(space.data(), space.size());
    if (received_.size() > kMaxAnswer) {
      return End(Fail(NoAnswer("it answers more than a token")));
    }
    if (TakeAnswer(moved.outcome == Stream::Outcome::kEnded)) return;
    if (closed) return End(Fail(NoAnswer("it ended the connection")));
  }
}

void TokenFetch::Wait(Stream::Outcome wanted) {
  if (wanted == Stream::Outcome::kEnded || wanted == Stream::Outcome::kBroken) {
    return End(Fail(NoAnswer("it ended the connection")));
  }
  stream_->WaitFor(wanted, [weak = weak_from_this()](
                               const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error && self->stream_ != nullptr) self->Move();
  });
}

// True: it is over. `closed`: no more will come, and nothing cut it short.
bool TokenFetch::TakeAnswer(bool closed) {
  size_t from = 0;
  bool malformed = false;
  const size_t size = FindHeadEnd(received_, from, malformed);
  if (size == 0 && !malformed) return false;
  ResponseHead head;
  const std::string_view bytes = received_;
  if (malformed || !ParseResponseHead(bytes.substr(0, size), "POST", head)) {
    End(Fail(NoAnswer("its answer is not HTTP")));
    return true;
  }
  BodyDecoder decoder;
  decoder.Start(head.framing);
  std::string_view rest = bytes.substr(size);
  std::string_view content;
  Answer answer;
  answer.status = head.status;
  BodyDecoder::State state = BodyDecoder::State::kContent;
  while (state == BodyDecoder::State::kContent) {
    state = decoder.Next(rest, content);
    answer.body.append(content);
  }
  const bool whole =
      state == BodyDecoder::State::kDone || (closed && decoder.until_close());
  if (!whole && state != BodyDecoder::State::kMalformed) {
    WipeString(answer.body);
    return false;
  }
  End(whole ? Result<Answer>(std::move(answer))
            : Fail(NoAnswer("its answer is not HTTP")));
  return true;
}

void TokenFetch::OnDeadline() {
  End(Fail(Error{ErrorCode::kDeadlineExceeded, "it did not answer in time"}));
}

void TokenFetch::End(Result<Answer> answer) {
  const auto self = shared_from_this();
  ClearDeadline();
  attempt_.reset();
  stream_.reset();
  out_.Clear();
  WipeString(received_);
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(answer));
}

}  // namespace claviger::sidecar::proxy
