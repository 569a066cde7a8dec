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
  /// Of everyone another thing may be wanted than before.
  void Outdate() { ++generation_; }
  /// Of these.
  void Outdate(const std::set<access::Principal>& principals);
  /// The next `count` in turn are to be read again; true at the round's end.
  bool Suspect(size_t count);

  /// A pass begins: what failed may be tried again.
  void BeginPass();
  /// Brings those of `wanted` (which stays) that need it to what `compiled`
  /// says at `now`. False where `stop` cut it off. The Store's errors where
  /// the others would meet them too; what fails for one principal only is kept
  /// for Describe.
  Result<bool> Settle(const Compiled& compiled,
                      const std::vector<const Wanted*>& wanted, Sweep sweep,
                      Time now, const std::function<bool()>& stop,
                      PassReport& report);
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
  struct Tracked {
    Memory memory;
    std::optional<access::Principal> principal;
    bool wanted = false;
    bool fresh = false;       // nothing to read again
    uint64_t generation = 0;  // that it was settled for
    uint64_t failed = 0;      // the pass that it failed in
    std::string settled;      // digest of what it was brought to
    std::optional<Conflict> conflict;
    std::optional<Failure> failure;
  };
  struct Work;

  bool IsStale(const Tracked& tracked) const {
    return !tracked.fresh || tracked.generation != generation_;
  }
  void SettleOne(Work& work) const;
  Status Keep(Work& work, PassReport& report);
  bool LeansOnForeign(const Wanted& wanted) const;
  Status Check(const std::string& id, Tracked& tracked, Status done);

  const ReconcilerSettings& settings_;
  Store& store_;
  std::map<std::string, Tracked> tracked_;
  uint64_t generation_ = 0;
  uint64_t pass_ = 0;
  int failures_in_a_row_ = 0;
  std::string cursor_;  // where Suspect goes on
  std::mutex mutex_;    // of what the crew's members do to the above
};

}  // namespace claviger::op
