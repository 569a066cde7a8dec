// SPDX-License-Identifier: Apache-2.0
//
// Bytes between two sockets. Input has a fixed room and none while it is empty,
// so that an idle connection costs little; output grows by what its writer
// lets it. Both may hold secrets, and are wiped. Not synchronised.
#pragma once

#include <string.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "sidecar/proxy/stream.h"

namespace claviger::sidecar::proxy {

class Inbox {
 public:
  explicit Inbox(size_t capacity) : capacity_(capacity) {}
  ~Inbox() { Release(); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  std::string_view bytes() const { return {data_.get() + begin_, size()}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  bool full() const { return size() == capacity_; }

  /// Empty when full.
  std::span<char> Space() {
    if (!data_) data_ = std::make_unique_for_overwrite<char[]>(capacity_);
    if (begin_ != 0) {
      memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void Received(size_t count) {
    end_ += count;
    used_ = std::max(used_, end_);
  }
  void Consume(size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Gives the room back.
  void Release() {
    if (data_) explicit_bzero(data_.get(), used_);
    used_ = 0;
    data_.reset();
    begin_ = end_ = 0;
  }

 private:
  const size_t capacity_;
  std::unique_ptr<char[]> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t used_ = 0;  // of the room, ever
};

struct Outbox {
  std::string bytes;
  size_t sent = 0;

  size_t left() const { return bytes.size() - sent; }
  bool empty() const { return left() == 0; }
  /// Writes what the stream takes now. kDone: all of it.
  Stream::Outcome Flush(Stream& stream) {
    while (!empty()) {
      const Stream::Moved moved =
          stream.Write(std::string_view(bytes).substr(sent));
      if (moved.outcome != Stream::Outcome::kDone) return moved.outcome;
      sent += moved.count;
    }
    Clear();
    return Stream::Outcome::kDone;
  }
  void Clear() {
    if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
    bytes.clear();
    sent = 0;
    if (bytes.capacity() > kKept) bytes.shrink_to_fit();
  }

 private:
  static constexpr size_t kKept = size_t{16} * 1024;
};

}  // namespace claviger::sidecar::proxy
