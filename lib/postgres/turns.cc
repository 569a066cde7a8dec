// SPDX-License-Identifier: Apache-2.0
#include "postgres/turns.h"

namespace claviger::postgres {

void Turns::FromClient(std::string_view bytes) { client_.Pass(bytes); }

void Turns::FromServer(std::string_view bytes) {
  const uint64_t before = server_.ready_count();
  const uint64_t copies = server_.copy_count();
  const bool in_copy = server_.in_copy();
  server_.Pass(bytes);
  settled_ += server_.ready_count() - before;
  // While it takes a copy a server answers no Sync, so that answers cannot be
  // counted any more: the last one stands for all.
  const bool copied = in_copy || server_.copy_count() != copies;
  if (copied && !server_.in_copy()) settled_ = client_.asked_count();
}

bool Turns::is_idle() const {
  const char status =
      server_.ready_count() == 0 ? first_status_ : server_.status();
  return at_boundary() && status == 'I' && !server_.in_copy() &&
         client_.at_boundary() && !client_.is_asking() &&
         settled_ >= client_.asked_count();
}

}  // namespace claviger::postgres
