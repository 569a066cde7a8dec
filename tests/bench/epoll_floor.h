// SPDX-License-Identifier: Apache-2.0
//
// The floor that the sidecar's local API is measured against: a raw epoll loop
// on a Unix socket that answers every read with one fixed reply. No parsing,
// no bounds: as fast as one thread can be. Runs in a child process.
#pragma once

#include <sys/types.h>

#include <string>

namespace claviger::bench {

class EpollFloor {
 public:
  /// Listens on `socket` in a child process pinned to `core` (-1: not pinned)
  /// and answers each read with `reply`.
  EpollFloor(std::string socket, const std::string& reply, int core);
  /// Ends the child.
  ~EpollFloor();
  EpollFloor(const EpollFloor&) = delete;
  EpollFloor& operator=(const EpollFloor&) = delete;

 private:
  std::string socket_;
  pid_t child_ = -1;
};

/// Pins the calling process to one core where the machine has it.
void PinTo(int core);

}  // namespace claviger::bench
