// SPDX-License-Identifier: Apache-2.0
//
// Turns the bytes of one connection into requests, within the limits. Holds one
// buffer, small between requests; what was consumed is wiped, since it may hold
// a user's token. Not synchronised.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/server.h"
#include "http/server_chunks.h"
#include "http/server_head.h"

namespace claviger::http {

class ServerReader {
 public:
  enum class Progress {
    kIdle,     // between requests, nothing received
    kInHead,   // part of a head is here
    kInBody,   // the head is complete, the body is not
    kRequest,  // Take() has the request
    kRefused,  // answer refusal() and close
    kForeign,  // a whole head that somebody else wants: Pending() has it
  };

  using Wants = std::function<bool(std::string_view target)>;

  /// `foreign` tells whose requests are somebody else's; null: nobody's. Both
  /// outlive the reader.
  explicit ServerReader(const ServerLimits& limits,
                        const Wants* foreign = nullptr);
  ~ServerReader();
  ServerReader(const ServerReader&) = delete;
  ServerReader& operator=(const ServerReader&) = delete;

  /// Room for more bytes; never empty while progress is kIdle to kInBody.
  std::span<char> Space();
  /// `count` bytes were put into Space().
  void Received(size_t count) { end_ += count; }
  /// Goes on with what is there.
  Progress Advance();
  /// The request; Advance() then goes on with the next one.
  ServerRequest Take();

  /// What was received and not taken.
  std::string_view Pending() const;

  int refusal() const { return refusal_; }
  /// About the request taken last (or being read).
  bool keep_alive() const { return keep_alive_; }
  /// The client waits for "100 Continue" before it sends its body. Once.
  bool TakeExpectation();

 private:
  Progress ReadHead();
  Progress ReadBody();
  Progress StartBody(Head head);
  Progress Refuse(int status);
  void Consume(size_t count);
  void Resize(size_t capacity);

  const ServerLimits& limits_;
  const Wants* const foreign_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;

  HeadScanner scanner_;
  std::optional<ServerRequest> request_;  // once its head is complete
  std::optional<ChunkDecoder> chunks_;
  uint64_t body_left_ = 0;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
  int refusal_ = 0;
};

}  // namespace claviger::http
