// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "base/secret.h"
#include "http/sharing_server.h"

namespace claviger::http {

Handover::Handover(int fd, std::string bytes, Peer peer)
    : fd_(fd), bytes_(std::move(bytes)), peer_(peer) {}

Handover::~Handover() {
  if (fd_ >= 0) close(fd_);
  WipeString(bytes_);
}

int Handover::TakeFd() { return std::exchange(fd_, -1); }

}  // namespace claviger::http
