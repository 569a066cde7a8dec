// SPDX-License-Identifier: Apache-2.0
//
// Follows a server's messages as they pass by, without holding any: where one
// ends, so that something may be put in between, and whether a transaction is
// open. Costs a few instructions a message, whatever its size. Pure; not
// synchronised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace claviger::postgres {

class StreamTracker {
 public:
  void Pass(std::string_view bytes);

  /// Between two messages. Never again once a length could not be.
  bool at_boundary() const { return !lost_ && head_size_ == 0 && left_ == 0; }
  /// Of the last ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed
  /// one; 0 before the first.
  char status() const { return status_; }
  /// How many ReadyForQuery passed.
  uint64_t ready_count() const { return ready_count_; }
  /// No message of this protocol any more.
  bool lost() const { return lost_; }

 private:
  void BeginBody();

  std::array<char, 5> head_{};
  size_t head_size_ = 0;  // of the head that is under way
  uint32_t left_ = 0;     // of the body
  bool in_ready_ = false;
  bool lost_ = false;
  char status_ = 0;
  uint64_t ready_count_ = 0;
};

}  // namespace claviger::postgres
