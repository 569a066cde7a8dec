// SPDX-License-Identifier: Apache-2.0
#include "http/server_reader.h"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace claviger::http {
namespace {

// Holds a usual request with a token of 2 KiB. Larger heads get more for as
// long as they last.
constexpr size_t kSmallBuffer = size_t{4} * 1024;

// Between the first two spaces of a head; "" without.
std::string_view TargetOf(std::string_view head) {
  const size_t begin = head.find(' ');
  if (begin == std::string_view::npos) return {};
  const size_t end = head.find_first_of(" \r", begin + 1);
  return head.substr(begin + 1, end - begin - 1);
}

}  // namespace

ServerReader::ServerReader(const ServerLimits& limits, const Wants* foreign)
    : limits_(limits), foreign_(foreign) {
  Resize(kSmallBuffer);
}

ServerReader::~ServerReader() { explicit_bzero(buffer_.get(), capacity_); }

std::string_view ServerReader::Pending() const {
  return {buffer_.get() + begin_, end_ - begin_};
}

void ServerReader::Resize(size_t capacity) {
  auto fresh = std::make_unique<char[]>(capacity);
  const size_t size = end_ - begin_;
  if (size != 0) std::memcpy(fresh.get(), buffer_.get() + begin_, size);
  if (buffer_) explicit_bzero(buffer_.get(), capacity_);
  buffer_ = std::move(fresh);
  capacity_ = capacity;
  begin_ = 0;
  end_ = size;
}

std::span<char> ServerReader::Space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kSmallBuffer) Resize(kSmallBuffer);
  } else if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    explicit_bzero(buffer_.get() + (end_ - begin_), begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    // Only an unfinished head stays in the buffer, and Advance() refuses it
    // before it outgrows the limit.
    Resize(std::min(capacity_ * 2, limits_.max_header_bytes + kSmallBuffer));
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void ServerReader::Consume(size_t count) {
  explicit_bzero(buffer_.get() + begin_, count);
  begin_ += count;
}

bool ServerReader::TakeExpectation() {
  return std::exchange(expects_continue_, false);
}

ServerReader::Progress ServerReader::Refuse(int status) {
  refusal_ = status;
  keep_alive_ = false;
  return Progress::kRefused;
}

ServerReader::Progress ServerReader::Advance() {
  if (refusal_ != 0) return Progress::kRefused;
  return request_ ? ReadBody() : ReadHead();
}

ServerReader::Progress ServerReader::ReadHead() {
  const std::string_view pending = Pending();
  if (pending.empty()) return Progress::kIdle;
  const HeadScanner::State state = scanner_.Scan(pending);
  if (state == HeadScanner::State::kMalformed) return Refuse(400);
  const bool complete = state == HeadScanner::State::kComplete;
  const size_t size = complete ? scanner_.size() : pending.size();
  if (size > limits_.max_header_bytes) return Refuse(431);
  if (!complete) return Progress::kInHead;
  if (foreign_ != nullptr && (*foreign_)(TargetOf(pending))) {
    return Progress::kForeign;
  }

  HeadResult result = ParseHead(pending.substr(0, size));
  Consume(size);
  scanner_ = HeadScanner();
  if (!result.head) return Refuse(result.refusal);
  return StartBody(std::move(*result.head));
}

ServerReader::Progress ServerReader::StartBody(Head head) {
  if (head.content_length > limits_.max_body_bytes) return Refuse(413);
  keep_alive_ = head.keep_alive;
  expects_continue_ = head.expects_continue;
  body_left_ = head.content_length;
  chunks_.reset();
  if (head.chunked) chunks_.emplace(limits_.max_body_bytes);
  request_ = std::move(head.request);
  // In one piece, so that no half-grown copy of a secret is left behind.
  request_->body.reserve(static_cast<size_t>(body_left_));
  return ReadBody();
}

ServerReader::Progress ServerReader::ReadBody() {
  const std::string_view pending = Pending();
  if (chunks_) {
    size_t consumed = 0;
    const auto state = chunks_->Feed(pending, request_->body, consumed);
    Consume(consumed);
    if (state == ChunkDecoder::State::kMore) return Progress::kInBody;
    if (state == ChunkDecoder::State::kDone) return Progress::kRequest;
    return Refuse(state == ChunkDecoder::State::kTooLarge ? 413 : 400);
  }
  const auto take =
      static_cast<size_t>(std::min<uint64_t>(body_left_, pending.size()));
  request_->body.append(pending.substr(0, take));
  Consume(take);
  body_left_ -= take;
  return body_left_ == 0 ? Progress::kRequest : Progress::kInBody;
}

ServerRequest ServerReader::Take() {
  ServerRequest request = std::move(*request_);
  request_.reset();
  expects_continue_ = false;
  return request;
}

}  // namespace claviger::http
