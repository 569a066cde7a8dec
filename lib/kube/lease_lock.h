// SPDX-License-Identifier: Apache-2.0
//
// Leader election on a Lease, by the rules of Kubernetes' own clients: what
// counts is how long this process has seen the lease unchanged, not what other
// clocks wrote into it; a leader stops by its own deadline before anybody may
// take over. One thread steps it; Leads is thread-safe. Time is an argument.
//
// Use a Client with a Transport of its own and a deadline of at most 5 s, so
// that a slow list cannot lose the lease.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "kube/lease.h"

namespace claviger::kube {

struct LeaseLockSettings {
  ObjectName lease;
  /// Of this process and no other, ever: the pod's name and something random.
  std::string identity;
  std::chrono::seconds duration{15};
  /// After this long without a renewal the leader is none.
  std::chrono::seconds renew_deadline{10};
  std::chrono::seconds retry{2};
};

class LeaseLock {
 public:
  struct Now {
    SteadyTime steady;
    Time wall;
  };
  struct Outcome {
    bool leads = false;
    /// Why this step could not do what it meant to.
    std::optional<Error> error;
    /// Before the next step.
    std::chrono::milliseconds wait{0};
  };

  /// `client` and `random` must outlive the lock.
  LeaseLock(const Client& client, LeaseLockSettings settings, Random& random);

  /// Takes or renews the lease, if that is possible; at most two calls. `now`
  /// is read just before: the time the calls take counts against the leader.
  Outcome Step(const Now& now);

  /// Whether this process may write at `now`. Ask before each write.
  bool Leads(SteadyTime now) const {
    return now.time_since_epoch().count() < leads_until_;
  }

  /// Gives the lease up, so that another can take it at once. From the call on
  /// Leads is false, whatever comes of it.
  Status Release(const Now& now);

  /// Renewals say so beside from now on, and giving up does; an empty text
  /// takes it back. Forgotten when leadership ends. Thread-safe.
  void Note(const std::string& name, std::string text);
  /// What the lease said beside, as of the last step; empty: nothing.
  /// Thread-safe.
  std::string Noted(const std::string& name) const;

  /// How often the lease went from one holder to another, as of the last step.
  int64_t transitions() const { return observed_ ? observed_->transitions : 0; }
  /// Who holds it, as of the last step; empty: nobody.
  std::string holder() const { return observed_ ? observed_->holder : ""; }

 private:
  Outcome Renew(const Now& now);
  Outcome Acquire(const Now& now);
  Outcome Won(const Now& now, Lease stored);
  Outcome Waiting(std::optional<Error> error = std::nullopt);
  Outcome StillLeading(Error error);
  void Observe(Lease lease, SteadyTime now);
  bool IsFree(SteadyTime now) const;
  using Notes = std::map<std::string, std::string>;

  Notes Told() const;
  void ForgetTold();
  void Lose() { leads_until_ = INT64_MIN; }

  const Client& client_;
  const LeaseLockSettings settings_;
  Random& random_;
  std::optional<Lease> observed_;
  SteadyTime observed_at_{};
  mutable std::mutex notes_mutex_;               // guards the next two
  Notes told_;                                   // by this leader
  Notes noted_;                                  // of observed_
  std::atomic<int64_t> leads_until_{INT64_MIN};  // SteadyTime in milliseconds
};

}  // namespace claviger::kube
