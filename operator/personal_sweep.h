// SPDX-License-Identifier: Apache-2.0
//
// Removes what callers stored for Connections, and as service accounts, whose
// end was seen: nobody can have it any more. By names alone, which is all that
// the operator may know of personal slots; it can list and delete them, and
// read none. What is merely missing is left where it is. In steps, so that
// edits never wait for all of it. Used by one thread; blocking.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "operator/pass_report.h"
#include "operator/store.h"

namespace claviger::op {

class PersonalSweep {
 public:
  /// `store` outlives this object.
  PersonalSweep(Store& store, std::string cluster);

  /// The slots of all accounts on it are to go. Once is enough for each uid.
  void ConnectionEnded(const std::string& uid);
  /// All slots of that account are to go, none of its successor's.
  void AccountEnded(const model::ObjectRef& account, const std::string& uid);

  bool pending() const { return !accounts_.empty() || !connections_.empty(); }

  /// Makes about `calls` calls, and adds what it removed to `changes`. The
  /// Store's errors; what was not done yet is still pending then.
  Status Go(size_t calls, std::vector<Change>& changes);
  /// Leaves off: what is pending stays in Vault.
  void GiveUp();

 private:
  using Account = std::pair<std::string, std::string>;  // folder, uid

  Status SweepAccount(const Account& account, std::vector<Change>& changes);
  Status SweepConnections(size_t calls, std::vector<Change>& changes);
  Status SweepPrincipal(const std::string& folder,
                        std::vector<Change>& changes);
  Status Remove(const std::string& path, std::vector<Change>& changes);
  Result<std::vector<std::string>> List(const std::string& path);

  Store& store_;
  const std::string root_;  // "<cluster>/personal"
  size_t made_ = 0;         // calls, in this step
  std::set<Account> accounts_;
  std::set<std::string> connections_;
  std::set<std::string> done_;  // connections
  /// The walk for connections_: principals to look at yet, last first.
  std::optional<std::vector<std::string>> walk_;
};

}  // namespace claviger::op
