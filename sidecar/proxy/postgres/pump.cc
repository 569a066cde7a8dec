// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/pump.h"

#include <utility>

namespace claviger::sidecar::proxy::pg {
namespace {

// Reads of one session before others have their turn.
constexpr int kReadsPerTurn = 8;

}  // namespace

Pump::Pump(Loop& loop, Stream& client, Stream& server, std::span<char> space,
           Owner& owner, std::weak_ptr<void> alive)
    : loop_(loop),
      space_(space),
      owner_(owner),
      alive_(std::move(alive)),
      to_client_{server, client},
      to_server_{client, server} {}

void Pump::Start(Beginning beginning) {
  turns_ = postgres::Turns(beginning.status);
  Note(to_client_, beginning.rest);
  Note(to_server_, beginning.asked);
  to_client_.held = std::move(beginning.welcome) + beginning.rest;
  to_server_.held = std::move(beginning.asked);
  Again(to_client_);
  Again(to_server_);
}

bool Pump::at_boundary() const {
  return turns_.at_boundary() && to_client_.held.empty();
}

bool Pump::is_idle() const {
  return at_boundary() && turns_.is_idle() && to_server_.held.empty();
}

void Pump::Turn(Way& way) {
  for (int count = 0; count < kReadsPerTurn; ++count) {
    if (stopped_ || !Flush(way)) return;
    if (way.ended) return End();
    if (!Move(way)) return;
  }
  Again(way);
}

// True when everything held is out. False: the rest follows when `to` takes
// more, or it never will.
bool Pump::Flush(Way& way) {
  while (way.sent < way.held.size()) {
    const Stream::Moved moved =
        way.to.Write(std::string_view(way.held).substr(way.sent));
    if (moved.outcome == Stream::Outcome::kDone) {
      way.sent += moved.count;
    } else if (moved.outcome == Stream::Outcome::kBroken) {
      End();
      return false;
    } else {
      Wait(way, way.to, moved.outcome);
      return false;
    }
  }
  if (way.sent > 0) {
    way.held = std::string();  // with its memory
    way.sent = 0;
    if (&way == &to_client_) owner_.OnProgress();
  }
  return !stopped_;
}

bool Pump::Move(Way& way) {
  const Stream::Moved read = way.from.Read(space_);
  if (read.outcome == Stream::Outcome::kEnded ||
      read.outcome == Stream::Outcome::kBroken) {
    way.ended = true;
    return true;
  }
  if (read.outcome != Stream::Outcome::kDone) {
    Wait(way, way.from, read.outcome);
    return false;
  }
  const std::string_view bytes(space_.data(), read.count);
  Note(way, bytes);
  const Stream::Moved written = way.to.Write(bytes);
  const size_t taken =
      written.outcome == Stream::Outcome::kDone ? written.count : 0;
  if (taken < bytes.size()) {
    way.held.assign(bytes.substr(taken));
    return true;
  }
  if (&way == &to_client_) owner_.OnProgress();
  if (stopped_) return false;
  // A short read took all there was: asking again would only say so.
  if (read.count == space_.size() || way.from.HasPending()) return true;
  Wait(way, way.from, Stream::Outcome::kWantRead);
  return false;
}

void Pump::Note(Way& way, std::string_view bytes) {
  way.bytes += bytes.size();
  if (&way == &to_server_) return turns_.FromClient(bytes);
  turns_.FromServer(bytes);
}

void Pump::Wait(Way& way, Stream& stream, Stream::Outcome wanted) {
  stream.WaitFor(wanted, [this, &way, alive = alive_](
                             const boost::system::error_code& error) {
    const auto kept = alive.lock();
    if (kept && !error && !stopped_) Turn(way);
  });
}

void Pump::Again(Way& way) {
  loop_.Post([this, &way, alive = alive_] {
    const auto kept = alive.lock();
    if (kept && !stopped_) Turn(way);
  });
}

void Pump::End() {
  if (std::exchange(stopped_, true)) return;
  owner_.OnEnd();
}

}  // namespace claviger::sidecar::proxy::pg
