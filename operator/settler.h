// SPDX-License-Identifier: Apache-2.0
//
// Brings one principal to what is desired: reads what is there, decides, and
// writes only the difference, in an order that is safe to be cut off after any
// call. Used by one thread at a time; blocking.
//
//   new      bindings entry (the intent, create-only) -> policy -> role
//   changed  policy -> role -> further parts -> bindings entry
//   removed  role -> policy -> further parts -> bindings entry
//
// So what is taken away is taken from the policy before it is announced, what
// is given is in the policy before it is announced, and as long as any of the
// three exists, the entry with our stamp does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/policy.h"
#include "base/result.h"
#include "operator/desired.h"
#include "operator/observed.h"
#include "operator/pass_report.h"
#include "operator/store.h"

namespace claviger::op {

/// What one process remembers of a principal between passes.
struct Memory {
  bool ours = false;       // it was seen with our stamp, or written by us
  std::string auth_mount;  // where its role is, then
  std::string tolerated;   // role fields that come back whatever is written
  Rights rights;           // as last read or written
};

/// What became of a principal.
struct Settled {
  std::optional<Conflict> conflict;  // why it was left alone
  /// Policy and role were not compared, only their entry.
  bool put_off = false;
};

class Settler {
 public:
  /// Nothing, or why the principal was left alone.
  using Outcome = std::optional<Conflict>;

  /// `store` and `changes` outlive this object; every write that Vault has
  /// acknowledged is added to `changes`.
  Settler(Store& store, const access::VaultLayout& layout,
          std::vector<Change>& changes);

  /// The Store's errors; kConflict where compare-and-set was lost twice. Of
  /// `known`, the rights are taken from `memory`.
  Result<Settled> Settle(const Desired& desired, Memory& memory,
                         Known known = {});

  /// Removes everything of the principal, if it is ours. What this process
  /// knows to be ours goes even where the entry was tampered with: rights that
  /// nobody wants must not outlive their bookkeeping.
  Result<Outcome> Remove(const std::string& id, Memory& memory);

 private:
  struct Job;

  Outcome FindConflict(const Job& job) const;
  Status RemoveAll(const VaultNames& names, const std::string& auth_mount,
                   int parts);
  Status Create(Job& job);
  Status Update(Job& job);
  Status MoveRole(Job& job);
  Status PutLedger(Job& job, access::EntryLedger ledger);
  Status PutPolicy(Job& job);
  Status PutRole(Job& job);
  Status ReplaceRole(Job& job);
  Status PutParts(Job& job);
  Status PutPart(Job& job, int part);
  Status PutEntry(Job& job, const access::EntryLedger& ledger);
  Status DropSurplusParts(Job& job);
  void Note(Action action, Kind kind, const std::string& name,
            bool drift = false);

  Store& store_;
  access::EntryStamp stamp_;
  std::string cluster_;
  std::vector<Change>& changes_;
};

}  // namespace claviger::op
