// SPDX-License-Identifier: Apache-2.0
//
// Follows the messages of one side of a session as they pass by, without
// holding any: where one ends, so that something may be put in between, and
// what a server says of its transaction or a client asks. Costs a few
// instructions a message, whatever its size. Pure; not synchronised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace claviger::postgres {

class StreamTracker {
 public:
  enum class Side { kServer, kClient };
  explicit StreamTracker(Side side = Side::kServer) : side_(side) {}

  void Pass(std::string_view bytes);

  /// Between two messages. Never again once a length could not be.
  bool at_boundary() const { return !lost_ && head_size_ == 0 && left_ == 0; }
  /// Of the last ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed
  /// one; 0 before the first.
  char status() const { return status_; }
  /// How many ReadyForQuery passed.
  uint64_t ready_count() const { return ready_count_; }
  /// How often the server has asked for a copy's data, and whether the last
  /// copy goes on.
  uint64_t copy_count() const { return copy_count_; }
  bool in_copy() const { return in_copy_; }
  /// How many messages of the client passed that a ReadyForQuery answers.
  uint64_t asked_count() const { return asked_count_; }
  /// The client has begun a question that ends with a Sync, which did not come.
  bool is_asking() const { return asking_; }
  /// No message of this protocol any more.
  bool lost() const { return lost_; }

 private:
  void BeginBody();
  void NoteServer(char type);
  void NoteClient(char type);

  Side side_;
  std::array<char, 5> head_{};
  size_t head_size_ = 0;  // of the head that is under way
  uint32_t left_ = 0;     // of the body
  bool in_ready_ = false;
  bool lost_ = false;
  bool asking_ = false;
  bool in_copy_ = false;
  char status_ = 0;
  uint64_t ready_count_ = 0;
  uint64_t copy_count_ = 0;
  uint64_t asked_count_ = 0;
};

}  // namespace claviger::postgres
