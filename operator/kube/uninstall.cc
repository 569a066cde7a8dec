// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/uninstall.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kube/lease.h"
#include "operator/kube/finalizers.h"
#include "operator/kube/object_store.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

// The longest that a lease can be taken for (kube/lease_lock.h).
constexpr std::chrono::seconds kTaken{120};
constexpr milliseconds kLook{1'000};
constexpr int kTries = 10;
constexpr int kRounds = 60;

struct Held {
  ObjectId id;
  SeenObject seen;
};

Result<std::vector<Held>> ListHeld(const kube::Client& client) {
  std::vector<Held> held;
  for (const ObjectKind kind :
       {ObjectKind::kConnection, ObjectKind::kGrant, ObjectKind::kGroup}) {
    ObjectStore store;
    const auto listed = client.List(ResourceOf(kind), {},
                                    {[] {},
                                     [&](const kube::ObjectView& view) {
                                       (void)store.Put(kind, view.json);
                                     }});
    if (!listed) {
      // Without the definition there is no object either.
      if (listed.error().code == ErrorCode::kUnsupported) continue;
      return Fail(listed.error(), "list what has our finalizer");
    }
    store.ForEach([&](const ObjectId& id, const ObjectStore::Stored& stored) {
      if (stored.seen.has_finalizer) held.push_back({id, stored.seen});
    });
  }
  return held;
}

size_t CountEnding(const std::vector<Held>& held) {
  return static_cast<size_t>(
      std::count_if(held.begin(), held.end(),
                    [](const Held& one) { return one.seen.is_ending; }));
}

Error Ended() {
  return {ErrorCode::kUnavailable, "uninstall: ended before it was done"};
}

class Uninstaller {
 public:
  Uninstaller(const kube::Client& client, const UninstallSettings& settings,
              const Clock& clock, Logger& log,
              const std::function<bool(milliseconds)>& sleep)
      : client_(client),
        settings_(settings),
        clock_(clock),
        log_(log),
        sleep_(sleep) {}

  Status AwaitEnds() const;
  Status TakeLease() const;
  Result<UninstallReport> Release() const;

 private:
  Status TryTakeLease() const;
  Status ReleaseOne(const Held& held) const;
  Result<std::optional<Error>> ReleaseAll(const std::vector<Held>& all,
                                          UninstallReport& report) const;

  const kube::Client& client_;
  const UninstallSettings& settings_;
  const Clock& clock_;
  Logger& log_;
  const std::function<bool(milliseconds)>& sleep_;
};

// The operator is still there and ends them properly, access in Vault first.
Status Uninstaller::AwaitEnds() const {
  const SteadyTime until = clock_.SteadyNow() + settings_.patience;
  for (;;) {
    const auto held = ListHeld(client_);
    if (!held) return Fail(held.error());
    if (CountEnding(*held) == 0 || clock_.SteadyNow() >= until) return {};
    if (!sleep_(kLook)) return Fail(Ended());
  }
}

Status Uninstaller::TryTakeLease() const {
  auto lease = kube::GetLease(client_, settings_.lease);
  if (!lease) {
    // Nobody ever led: nobody writes.
    if (lease.error().code == ErrorCode::kNotFound) return {};
    return Fail(lease.error());
  }
  if (lease->holder != settings_.identity) ++lease->transitions;
  lease->holder = settings_.identity;
  lease->duration = kTaken;
  lease->acquired = clock_.Now();
  lease->renewed = clock_.Now();
  const auto stored = kube::UpdateLease(client_, settings_.lease, *lease);
  return stored ? Status() : Fail(stored.error());
}

// From a leader that renews it all the time: whoever wrote in between is read
// again.
Status Uninstaller::TakeLease() const {
  Status taken = TryTakeLease();
  for (int i = 1; i < kTries && !taken; ++i) {
    if (taken.error().code != ErrorCode::kConflict) break;
    taken = TryTakeLease();
  }
  if (!taken) return Fail(taken.error(), "take the operator's lease");
  log_.Info("lease taken, so that no operator writes any more",
            {{"lease", settings_.lease.name}});
  return sleep_(settings_.leader_stops) ? Status() : Fail(Ended());
}

Status Uninstaller::ReleaseOne(const Held& held) const {
  const auto written = client_.PatchFinalizers(
      ResourceOf(held.id.kind), {held.id.ref.ns, held.id.ref.name},
      held.seen.other_finalizers, held.seen.resource_version);
  if (written || written.error().code == ErrorCode::kNotFound) return {};
  return Fail(written.error(), "take our finalizer off " + ToString(held.id));
}

// One object after the other; the first trouble that may pass by itself, if
// there was any.
Result<std::optional<Error>> Uninstaller::ReleaseAll(
    const std::vector<Held>& all, UninstallReport& report) const {
  std::optional<Error> trouble;
  for (const Held& one : all) {
    const Status done = ReleaseOne(one);
    if (!done) {
      const ErrorCode code = done.error().code;
      if (code != ErrorCode::kConflict && !IsRetryable(code)) {
        return Fail(done.error());
      }
      if (!trouble) trouble = done.error();
      continue;
    }
    ++report.released;
    if (!one.seen.is_ending) continue;
    ++report.unrevoked;
    log_.Warning("deleted before its access in vault was taken away",
                 {{"object", ToString(one.id)}});
  }
  return trouble;
}

// Again from the list: others write to the same objects, and the webhook may be
// away for a moment, since a leader that lost its lease starts anew.
Result<UninstallReport> Uninstaller::Release() const {
  UninstallReport report;
  for (int i = 1;; ++i) {
    const auto held = ListHeld(client_);
    if (!held) return Fail(held.error());
    const auto trouble = ReleaseAll(*held, report);
    if (!trouble) return Fail(trouble.error());
    if (!*trouble) return report;
    if (i == kRounds) return Fail(**trouble);
    if (!sleep_(kLook)) return Fail(Ended());
  }
}

}  // namespace

Result<UninstallReport> Uninstall(
    const kube::Client& client, const UninstallSettings& settings,
    const Clock& clock, Logger& log,
    const std::function<bool(milliseconds)>& sleep) {
  const Uninstaller uninstaller(client, settings, clock, log, sleep);
  if (Status ended = uninstaller.AwaitEnds(); !ended)
    return Fail(ended.error());
  if (Status taken = uninstaller.TakeLease(); !taken)
    return Fail(taken.error());
  return uninstaller.Release();
}

}  // namespace claviger::op
