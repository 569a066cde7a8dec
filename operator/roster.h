// SPDX-License-Identifier: Apache-2.0
//
// What this process knows of each principal in Vault, and how the ones that
// need it are settled: several at a time, each by itself in the order of
// settler.h. Used by one thread at a time; blocking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/time.h"
#include "operator/compiled.h"
#include "operator/listing.h"
#include "operator/pass_report.h"
#include "operator/reconciler.h"
#include "operator/settler.h"
#include "operator/store.h"

namespace claviger::op {

/// Which of the wanted principals are brought to what they should be.
enum class Sweep {
  kChanged,  // whose wish is another one than what they were brought to
  kAll,      // and those who are to be read again
};

class Roster {
 public:
  /// Both outlive this object.
  Roster(const ReconcilerSettings& settings, Store& store)
      : settings_(settings), store_(store) {}

  /// An entry of that id was seen in Vault.
  void Learn(const std::string& id) { tracked_.try_emplace(id); }
  /// Whatever is known of Vault may be wrong.
  void ForgetVault();
  /// Those whose rights were only believed are to be compared now.
  void TakeUpWhatWasPutOff();
  bool PutsOff() const;
  /// How many of these were not looked at yet.
  size_t CountUnseen(const std::vector<Wanted>& wanted) const;
  /// Of everyone another thing may be wanted than before.
  void Outdate() { ++generation_; }
  /// Of these.
  void Outdate(const std::set<access::Principal>& principals);
  /// The next `count` in turn are to be read again; true at the round's end.
  bool Suspect(size_t count);

  /// A pass begins: what failed may be tried again.
  void BeginPass();
  /// Brings those of `wanted` (which stays) that need it to what `compiled`
  /// says at `now`. With a `listing` (or null), what it tells is not read.
  /// False where `stop` cut it off. The Store's errors where the others would
  /// meet them too; what fails for one principal only is kept for Describe.
  Result<bool> Settle(const Compiled& compiled,
                      const std::vector<const Wanted*>& wanted, Sweep sweep,
                      const Listing* listing, Time now,
                      const std::function<bool()>& stop, PassReport& report);
  /// Removes whom `is_wanted` does not know. Errors as above.
  Status RemoveUnwanted(
      const std::function<bool(const std::string&)>& is_wanted,
      PassReport& report);
  /// Removes these, if they are known.
  Status Remove(const std::vector<std::string>& ids, PassReport& report);

  /// The ids of all, and of those that have to be looked at.
  std::vector<std::string> Ids() const;
  std::vector<std::string> Stale() const;
  /// Who that is, where it was settled before.
  std::optional<access::Principal> PrincipalOf(const std::string& id) const;
  size_t size() const { return tracked_.size(); }
  /// How many are known to be in Vault.
  size_t known() const;

  /// Who is in conflict or failed; changes when that does.
  std::string Troubles() const;
  /// Adds conflicts and failures that last, and how many are wanted.
  void Describe(PassReport& report) const;

 private:
  // What is to be read of a principal.
  enum class Look {
    kNothing,
    kAtFirst,  // it was not looked at yet: the rights may be put off
    kAll,
  };
  struct Tracked {
    Memory memory;
    std::optional<access::Principal> principal;
    bool wanted = false;
    bool put_off = false;  // its rights were not compared yet
    Look look = Look::kAtFirst;
    uint64_t generation = 0;  // that it was settled for
    uint64_t failed = 0;      // the pass that it failed in
    std::string settled;      // digest of what it was brought to
    std::optional<Conflict> conflict;
    std::optional<Failure> failure;
  };
  struct Work;

  bool IsStale(const Tracked& tracked) const {
    return tracked.look != Look::kNothing || tracked.generation != generation_;
  }
  static void LookAgain(Tracked& tracked, Look look);
  static Known KnownOf(const Tracked& tracked, const Desired& desired,
                       const Listing* listing);
  void SettleOne(Work& work) const;
  Status Keep(Work& work, PassReport& report);
  bool LeansOnForeign(const Wanted& wanted) const;
  Status Check(const std::string& id, Tracked& tracked, Status done);
  void Want(Tracked& tracked, bool wanted);
  void NoteTrouble(const std::string& id, const Tracked& tracked);

  const ReconcilerSettings& settings_;
  Store& store_;
  std::map<std::string, Tracked> tracked_;
  size_t wanted_ = 0;
  std::set<std::string> troubled_;  // who is in conflict or failed
  uint64_t generation_ = 0;
  uint64_t pass_ = 0;
  int failures_in_a_row_ = 0;
  std::string cursor_;  // where Suspect goes on
  std::mutex mutex_;    // of what the crew's members do to the above
};

}  // namespace claviger::op
