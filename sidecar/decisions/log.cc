// SPDX-License-Identifier: Apache-2.0
#include "sidecar/decisions/log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/digest.h"

namespace claviger::sidecar {
namespace {

constexpr std::chrono::milliseconds kLeastPause{1'000};
constexpr size_t kMaxGiven = 1'024;
constexpr size_t kMaxRefused = 256;
constexpr char kEnd = '\x1f';  // in no name

std::string KeyOf(const DecisionRecord& record) {
  std::string key;
  key.reserve(256);
  for (const std::string* part :
       {&record.user, &record.connection, &record.slot, &record.reason,
        &record.why, &record.vault_request_id, &record.method,
        &record.target}) {
    key.append(*part) += kEnd;
  }
  key.append(ToString(record.kind)) += kEnd;
  key.append(access::ToString(record.delivery)) += kEnd;
  key.append(std::to_string(record.generation)) += kEnd;
  key += record.stale ? '1' : '0';
  key += record.degraded ? '1' : '0';
  return key;
}

}  // namespace

class DecisionLog::Entry {
 public:
  Entry(std::string id_text, DecisionRecord what)
      : id(std::move(id_text)), record(std::move(what)) {}

  bool allowed() const { return record.reason == "Allowed"; }

  const std::string id;
  const DecisionRecord record;
  // Under the log's mutex_:
  bool known = true;  // in the table, so that its counts will be written
  bool written = false;
  SteadyTime written_at;
  SteadyTime used_at;
  int64_t count = 0;  // of calls that no line stands for yet
  CallEnd end;        // of these
};

bool DecisionLog::Allowance::Take(SteadyTime now) {
  const double passed = static_cast<double>((now - at).count()) / 1000.0;
  left = std::min(burst, left + passed * per_second);
  at = now;
  if (left < 1) return false;
  left -= 1;
  return true;
}

DecisionLog::DecisionLog(Parts parts)
    : parts_(std::move(parts)),
      prefix_(Sha256Hex(parts_.random.Bytes(16)).substr(0, 16) + "-"),
      given_{200, 50, 200, parts_.clock.SteadyNow()},
      refused_{50, 5, 50, parts_.clock.SteadyNow()} {}

std::string DecisionLog::NextId() { return prefix_ + std::to_string(++last_); }

DecisionLog::Ticket DecisionLog::Open(DecisionRecord record) {
  std::string key = KeyOf(record);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  auto entry = std::make_shared<Entry>(NextId(), std::move(record));
  entry->used_at = parts_.clock.SteadyNow();
  MakeRoom(entry->allowed());
  entries_.emplace(std::move(key), entry);
  return entry;
}

const std::string& DecisionLog::IdOf(const Ticket& ticket) {
  return ticket->id;
}

void DecisionLog::Done(const Ticket& ticket, const CallEnd& end) {
  const std::lock_guard lock(mutex_);
  Entry& entry = *ticket;
  entry.used_at = parts_.clock.SteadyNow();
  // A line is of one status.
  if (entry.count > 0 && entry.end.status != end.status) Write(entry);
  const bool due = IsDue(entry, end.status);
  ++entry.count;
  entry.end.status = end.status;
  entry.end.bytes_up += end.bytes_up;
  entry.end.bytes_down += end.bytes_down;
  if (due || !entry.known) Write(entry);
  if (entry.count > 0) Arm();
}

std::string DecisionLog::Note(DecisionRecord record) {
  const Ticket ticket = Open(std::move(record));
  Done(ticket);
  return ticket->id;
}

void DecisionLog::Flush() {
  const std::lock_guard lock(mutex_);
  WriteDue(true);
  if (left_out_ > 0) TellLeftOut();
}

// A status that differs from the last one is worth a line of its own.
bool DecisionLog::IsDue(const Entry& entry, int status) const {
  if (!entry.written || entry.end.status != status) return true;
  return parts_.clock.SteadyNow() >= entry.written_at + parts_.repeat;
}

DecisionLog::Allowance& DecisionLog::AllowanceOf(const Entry& entry) {
  return entry.allowed() ? given_ : refused_;
}

void DecisionLog::MakeRoom(bool allowed) {
  const auto same = [&](const auto& row) {
    return row.second->allowed() == allowed;
  };
  const auto count = static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(), same));
  if (count < (allowed ? kMaxGiven : kMaxRefused)) return;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (!same(*it)) continue;
    if (oldest == entries_.end() ||
        it->second->used_at < oldest->second->used_at) {
      oldest = it;
    }
  }
  Drop(oldest);
}

void DecisionLog::Drop(std::map<std::string, Ticket>::iterator entry) {
  Entry& dropped = *entry->second;
  if (dropped.count > 0) Write(dropped);
  left_out_ += std::exchange(dropped.count, 0);
  dropped.known = false;
  entries_.erase(entry);
}

void DecisionLog::Write(Entry& entry) {
  const SteadyTime now = parts_.clock.SteadyNow();
  if (!AllowanceOf(entry).Take(now)) {
    if (!entry.known) left_out_ += std::exchange(entry.count, 0);
    return;
  }
  if (left_out_ > 0) TellLeftOut();
  entry.written = true;
  entry.written_at = now;
  const int64_t count = std::exchange(entry.count, 0);
  const CallEnd end = entry.end;
  entry.end.bytes_up = 0;
  entry.end.bytes_down = 0;
  if (parts_.sink == nullptr) return;
  if (parts_.sink->Put(ToJson({parts_.clock.Now(), entry.id, parts_.principal,
                               entry.record, end, count}))) {
    parts_.metrics.CountDecisions("written", count);
  } else {
    parts_.metrics.CountDecisions("left_out", count);
    left_out_ += count;
  }
}

void DecisionLog::TellLeftOut() {
  DecisionRecord record;
  record.kind = DecisionKind::kLeftOut;
  if (parts_.sink != nullptr &&
      !parts_.sink->Put(ToJson(
          {parts_.clock.Now(), "", parts_.principal, record, {}, left_out_}))) {
    return;
  }
  left_out_ = 0;
}

void DecisionLog::WriteDue(bool all) {
  for (const auto& [key, entry] : entries_) {
    const bool due = all || IsDue(*entry, entry->end.status);
    if (entry->count > 0 && due) Write(*entry);
  }
}

// Wakes nobody up while nothing is waiting.
void DecisionLog::Arm() {
  if (std::exchange(armed_, true)) return;
  const auto pause = std::max(parts_.repeat, kLeastPause);
  parts_.worker.At(parts_.clock.SteadyNow() + pause, [this] {
    const std::lock_guard lock(mutex_);
    armed_ = false;
    WriteDue(false);
    const bool waiting =
        std::any_of(entries_.begin(), entries_.end(),
                    [](const auto& row) { return row.second->count > 0; });
    if (waiting) Arm();
  });
}

}  // namespace claviger::sidecar
