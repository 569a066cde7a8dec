// SPDX-License-Identifier: Apache-2.0
#include "postgres/stream_tracker.h"

#include <algorithm>
#include <cstring>

#include "postgres/wire.h"

namespace claviger::postgres {

void StreamTracker::Pass(std::string_view bytes) {
  while (!bytes.empty() && !lost_) {
    if (left_ > 0) {
      if (in_ready_) {
        status_ = bytes.front();
        ++ready_count_;
        in_ready_ = false;
      }
      const size_t skipped = std::min<size_t>(left_, bytes.size());
      left_ -= static_cast<uint32_t>(skipped);
      bytes.remove_prefix(skipped);
      continue;
    }
    const size_t wanted =
        std::min(MessageHead::kSize - head_size_, bytes.size());
    std::memcpy(head_.data() + head_size_, bytes.data(), wanted);
    head_size_ += wanted;
    bytes.remove_prefix(wanted);
    if (head_size_ == MessageHead::kSize) BeginBody();
  }
}

void StreamTracker::BeginBody() {
  head_size_ = 0;
  const auto head = ReadHead({head_.data(), head_.size()});
  if (!head) {
    lost_ = true;
    return;
  }
  left_ = head->body_size;
  if (side_ == Side::kServer) {
    NoteServer(head->type);
  } else {
    NoteClient(head->type);
  }
}

void StreamTracker::NoteServer(char type) {
  in_ready_ = type == 'Z' && left_ > 0;
  if (type == 'Z') in_copy_ = false;
  if (type != 'G') return;
  in_copy_ = true;
  ++copy_count_;
}

void StreamTracker::NoteClient(char type) {
  switch (type) {
    case 'Q':  // Query
    case 'F':  // FunctionCall
    case 'S':  // Sync
      ++asked_count_;
      asking_ = false;
      break;
    case 'c':  // a copy's data
    case 'd':
    case 'f':
    case 'X':  // Terminate
      break;
    default:
      asking_ = true;
  }
}

}  // namespace claviger::postgres
