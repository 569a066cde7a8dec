// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/digest.h"
#include "sidecar/credentials/render.h"

namespace claviger::sidecar::files {
namespace {

using std::chrono::milliseconds;

// What nobody tells of is seen by then: a credential that became stale for too
// long, a Vault that is back.
constexpr milliseconds kLook{5'000};
// For how long what a former process wrote is left while Vault cannot say
// whether it is still good.
constexpr milliseconds kInherited{60'000};

bool IsOutage(std::string_view reason) {
  return reason == "BackendUnavailable" || reason == "Starting" ||
         reason == "LoginRefused";
}

std::string DigestOf(const Contents& contents) {
  std::string all;
  for (const auto& [name, bytes] : contents) {
    all += name + ' ' + Sha256Hex(bytes.Reveal()) + '\n';
  }
  return Sha256Hex(all);
}

std::optional<Time> Sooner(const std::optional<Time>& a,
                           const std::optional<Time>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Keeper::Keeper(const std::vector<providers::FileWish>& wanted, Parts parts)
    : parts_(std::move(parts)), settled_(wanted.empty()) {
  for (const providers::FileWish& wish : wanted) {
    files_.emplace_back().wish = wish;
  }
}

Status Keeper::Begin() {
  if (files_.empty()) return {};
  if (parts_.store == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "there is no place for files");
  }
  std::vector<providers::FileWish> wanted;
  for (const File& file : files_) wanted.push_back(file.wish);
  const auto present = parts_.store->Open(wanted);
  if (!present) return Fail(present.error());
  for (File& file : files_) {
    file.present = std::find(present->begin(), present->end(), file.wish) !=
                   present->end();
  }
  begun_ = parts_.clock.SteadyNow();
  Arm();
  return {};
}

void Keeper::Review() {
  if (ended_) return;
  for (size_t i = 0; i < files_.size(); ++i) Ask(i);
  Arm();
}

void Keeper::Ask(size_t index) {
  File& file = files_[index];
  if (file.asked) {
    file.again = true;
    return;
  }
  file.asked = true;
  parts_.resolver.Resolve(file.wish.connection, std::nullopt,
                          access::Delivery::kDisclose,
                          [this, index](const Resolution& resolution) {
                            File& mine = files_[index];
                            mine.asked = false;
                            Settle(mine, resolution);
                            if (std::exchange(mine.again, false)) Ask(index);
                          });
}

void Keeper::Settle(File& file, const Resolution& resolution) {
  if (ended_) return;
  if (const auto* resolved = std::get_if<Resolved>(&resolution)) {
    Give(file, *resolved);
  } else {
    const auto& problem = std::get<Problem>(resolution);
    // What this process wrote is served from its cache for as long as it is
    // good, so an outage that reaches us has taken its last day.
    const bool may_be_good = file.digest.empty() && IsOutage(problem.reason) &&
                             parts_.clock.SteadyNow() - begun_ < kInherited;
    file.judged = file.judged || !IsOutage(problem.reason);
    if (!file.present || !may_be_good) {
      Refuse(file, problem.reason, problem.detail, problem.fix);
    }
  }
  settled_ =
      settled_ || std::all_of(files_.begin(), files_.end(),
                              [](const File& one) { return one.judged; });
  Arm();
}

void Keeper::Give(File& file, const Resolved& resolved) {
  const access::ConnectionFacts& facts = *resolved.binding->facts;
  const auto fields =
      PickFields(*resolved.credential, resolved.vault, facts.credential_type);
  if (!fields) {
    file.judged = true;
    return Refuse(file, "SecretMissing", fields.error().message,
                  "add the field, or name the right one in keys");
  }
  const auto contents = Render(file.wish.format, facts, *fields);
  if (!contents) {
    file.judged = true;
    return Refuse(file, "NotRepresentable", contents.error().message,
                  "ask for another format");
  }
  file.ends = Sooner(resolved.expires_at, resolved.valid_until);
  Write(file, resolved, *contents);
}

void Keeper::Write(File& file, const Resolved& resolved,
                   const Contents& contents) {
  std::string digest = DigestOf(contents);
  if (file.present && digest == file.digest) return;
  const Status written = parts_.store->Write(file.wish, contents);
  if (!written) {
    // What is there is of before, so it is no longer to be relied on.
    return Refuse(file, "NotWritten", written.error().message,
                  "look at the volume's size and owner");
  }
  file.present = true;
  file.digest = std::move(digest);
  file.judged = true;
  file.problem.clear();
  DecisionRecord record = RecordOf(file);
  record.slot = resolved.slot;
  record.vault_request_id = resolved.credential->request_id;
  record.stale = resolved.stale;
  record.degraded = resolved.degraded;
  parts_.decisions.Note(std::move(record));
  parts_.log.Info("file written",
                  {{"file", ToString(file.wish)}, {"slot", resolved.slot}});
  parts_.on_change(file.wish);
}

void Keeper::Refuse(File& file, std::string_view reason,
                    const std::string& detail, const std::string& fix) {
  const bool ended = file.ends && *file.ends <= parts_.clock.Now();
  if (!file.present) return Tell(file, "file not written", reason, detail, fix);
  if (const Status gone = parts_.store->Remove(file.wish); !gone) {
    return Tell(file, "file not removed", reason, gone.error().message, fix);
  }
  file.present = false;
  file.digest.clear();
  file.ends.reset();
  file.problem.clear();
  const bool expired = ended && IsOutage(reason);
  Tell(file,
       expired ? "file removed: its credential expired and could not be renewed"
               : "file removed",
       reason, detail, fix);
  parts_.on_change(file.wish);
}

void Keeper::Tell(File& file, std::string_view message, std::string_view reason,
                  const std::string& detail, const std::string& fix) {
  const std::string problem = std::string(reason) + detail;
  if (std::exchange(file.problem, problem) == problem) return;
  DecisionRecord record = RecordOf(file);
  record.reason = reason;
  // Without bindings nothing was decided.
  if (record.generation > 0) parts_.decisions.Note(std::move(record));
  parts_.log.Warning(message, {{"file", ToString(file.wish)},
                               {"reason", reason},
                               {"detail", detail},
                               {"fix", fix}});
}

DecisionRecord Keeper::RecordOf(const File& file) const {
  DecisionRecord record;
  record.kind = DecisionKind::kFile;
  record.connection = model::ToString(file.wish.connection);
  record.target = providers::InfoOf(file.wish.format).id;
  record.generation = parts_.resolver.generation();
  return record;
}

void Keeper::Arm() {
  if (files_.empty()) return;
  parts_.worker.Cancel(timer_);
  milliseconds wait = kLook;
  const Time now = parts_.clock.Now();
  for (const File& file : files_) {
    if (!file.present || !file.ends || *file.ends <= now) continue;
    wait = std::min(wait,
                    std::chrono::duration_cast<milliseconds>(*file.ends - now));
  }
  timer_ = parts_.worker.At(
      parts_.clock.SteadyNow() + std::max(wait, milliseconds(1)),
      [this] { Review(); });
}

void Keeper::End() {
  ended_ = true;
  for (File& file : files_) {
    if (!file.present) continue;
    if (const Status gone = parts_.store->Remove(file.wish); !gone) {
      parts_.log.Warning("file not removed", {{"file", ToString(file.wish)},
                                              {"error", gone.error().message}});
    }
    file.present = false;
  }
}

}  // namespace claviger::sidecar::files
