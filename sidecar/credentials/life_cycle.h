// SPDX-License-Identifier: Apache-2.0
//
// The life of one credential, by times alone: no secret, no Vault and no clock
// is in it, so that every rule can be tried on any order of events. The store
// does what TaskOf says when ActAt says, and tells Next how it ended. Pure.
//
//             Read                     Began (at half to 80 % of its life)
//   Absent ---------------> Fresh ----------------------------> Renewing
//   | ^  ^  Failed            ^  ^                               | | |
//   |_|  |__ (a pause)        |  |_____ Read, Renewed ___________| | |
//        |                    |                                    | |
//        |                    |______ Read, Renewed __ Renewing    | |
//        |                                                 ^       | |
//        |                              Began (after a     |       | |
//        |                              pause, jittered)   |       | |
//        |                                               Stale <---' |
//        |                                                Failed:    |
//        |                                                may pass   |
//        |__________________________________________________________|
//          Failed: Vault says that it is gone, or not ours
//
//   Fresh, Renewing, Stale ---- its end passes ----> Expired --- Read --->
//   Fresh
//
// It is served in Fresh, Renewing and Stale, and never at or past its end: its
// own, or that of the login under which it was leased. A replacement is read
// while the one before is still good, and takes its place only once it is here.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"

namespace claviger::sidecar::life {

using std::chrono::milliseconds;

/// How long what Vault gave is good, as its engine says.
struct Lifetime {
  enum class Kind {
    kEndless,  // compared with Vault's now and then
    kLease,    // prolonged, or replaced, before it ends
    kRotated,  // Vault puts another in its place at the end, and not before
  };
  Kind kind = Kind::kEndless;
  /// Of kEndless a hint: zero, or how soon it is worth comparing.
  milliseconds ttl{0};
  bool renewable = false;
  /// It ends with the login that read it, as Vault's leases do.
  bool of_login = false;
};

/// How fast things go.
struct Pace {
  milliseconds compare{60'000};  // what has no end, jittered by a fifth
  milliseconds least_pause{1'000};
  BackoffPolicy backoff{milliseconds(1'000), milliseconds(30'000)};
};

/// What is asked of Vault.
enum class Task {
  kRead,   // this credential, or the one that takes its place
  kRenew,  // more time for the lease
};

/// What is known of a credential that may be served.
struct Held {
  Lifetime lifetime;  // as first read; ttl is what renewals ask for
  std::optional<SteadyTime> ends;
  std::optional<SteadyTime> login_ends;
};

struct Trouble {
  Error error;
  int failures = 0;     // in a row
  SteadyTime since;     // when the first of them came
  SteadyTime retry_at;  // nothing is asked before
};

struct Absent {
  std::optional<Trouble> trouble;
  bool reading = false;
};
struct Fresh {
  Held held;
  Task next = Task::kRead;
  SteadyTime due;
};
struct Renewing {
  Held held;
  Task task = Task::kRead;
  std::optional<Trouble> trouble;  // of the attempt before
};
struct Stale {
  Held held;
  Task next = Task::kRead;
  Trouble trouble;
};
struct Expired {
  std::optional<Trouble> trouble;
  SteadyTime due;
  bool reading = false;
};
using Life = std::variant<Absent, Fresh, Renewing, Stale, Expired>;

std::string_view NameOf(const Life& life);  // "Absent", "Fresh", ...

/// Work was begun: what TaskOf said, or a read that somebody asked for.
struct Began {
  Task task = Task::kRead;
};
/// A read was answered; `asked` is when it was sent, so that the way back does
/// not make the life longer than Vault thinks.
struct Read {
  Lifetime lifetime;
  SteadyTime asked;
};
struct Renewed {
  milliseconds ttl{0};
  bool renewable = false;
  SteadyTime asked;
};
/// What was begun failed.
struct Failed {
  Error error;
};
/// The login under which it was leased ends at `at`; `last`: another login has
/// taken its place, so that it will not be prolonged any more; `at_once`: and
/// the old one was found dead, so that the replacement cannot wait.
struct LoginEnds {
  SteadyTime at;
  bool last = false;
  bool at_once = false;
};
/// Time passed.
struct Passed {};
using Event = std::variant<Began, Read, Renewed, Failed, LoginEnds, Passed>;

/// The one transition. `dice` is uniform in [0, 1). Events that cannot come in
/// a state leave it as it is, but for the time that passed.
Life Next(const Life& before, const Event& event, SteadyTime now, double dice,
          const Pace& pace);

/// What may be served at `now`; null: nothing.
const Held* HeldAt(const Life& life, SteadyTime now);
/// The sooner of its own end and its login's; none: neither has one.
std::optional<SteadyTime> EndOf(const Held& held);
/// Why it is Stale, or why there is none.
const Trouble* TroubleOf(const Life& life);
/// Whether something is asked of Vault at the moment.
bool IsBusy(const Life& life);

/// When the store has something to do by itself: to begin TaskOf, or to let
/// Next see that the end has passed. None: when somebody asks.
std::optional<SteadyTime> ActAt(const Life& life);
/// What is to be begun at `now`; none: nothing yet, or it is under way.
std::optional<Task> TaskOf(const Life& life, SteadyTime now);

}  // namespace claviger::sidecar::life
