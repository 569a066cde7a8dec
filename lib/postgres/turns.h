// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is in an open session, by the messages that pass in both
// directions: whether the client waits for an answer, however many questions it
// sent ahead, and whether a transaction is open. Holds no message. Pure; not
// synchronised.
#pragma once

#include <cstdint>
#include <string_view>

#include "postgres/stream_tracker.h"

namespace claviger::postgres {

class Turns {
 public:
  /// `status`: of the ReadyForQuery that the login ended with.
  explicit Turns(char status = 'I') : first_status_(status) {}

  void FromClient(std::string_view bytes);
  void FromServer(std::string_view bytes);

  /// The server is between two messages.
  bool at_boundary() const { return server_.at_boundary(); }
  /// Nobody owes anybody anything: no question without its answer, no part of a
  /// message, no transaction.
  bool is_idle() const;

 private:
  char first_status_;
  StreamTracker server_;
  StreamTracker client_{StreamTracker::Side::kClient};
  // Questions that are answered; more than the answers where a copy took the
  // Sync that was sent with it.
  uint64_t settled_ = 0;
};

}  // namespace claviger::postgres
