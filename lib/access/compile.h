// SPDX-License-Identifier: Apache-2.0
//
// From all objects to what each principal gets in Vault: its bindings document
// and the credential paths its policy opens (design.md section 3). Pure; a
// Compiler is immutable and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/bindings_document.h"
#include "access/policy_paths.h"
#include "access/principal.h"
#include "access/snapshot.h"
#include "base/time.h"

namespace claviger::access {

class Viewer;

class Compiler {
 public:
  /// `extra`: service accounts that are principals although no object names
  /// them (`--as`). `snapshot` must outlive the compiler. `with_users` false
  /// (no user login configured) leaves users and claim groups out.
  Compiler(const Snapshot& snapshot, bool with_users,
           const std::vector<model::ObjectRef>& extra = {});

  /// Everyone who gets something in Vault, sorted: the everyone principals,
  /// service accounts, users, claim groups.
  const std::vector<Principal>& principals() const { return principals_; }

  /// The document of one principal. It does not depend on the time: windows
  /// are in it.
  BindingsDocument Document(const Principal& principal) const;

  /// The uid of the service account that the principal is; empty where it is
  /// none, or its uid is not known.
  std::string AccountOf(const Principal& principal) const;

  /// PolicyPaths::Of with this compiler's everyone.sa; `document` is
  /// Document(principal).
  std::vector<std::string> CredentialPaths(const Principal& principal,
                                           const BindingsDocument& document,
                                           Time now) const;

  /// The next instant after `now` at which some Grant's window opens or
  /// closes: when to compile again.
  std::optional<Time> NextTransition(Time now) const;

  /// The document of everyone.sa, as compiled once.
  const BindingsDocument& everyone_service_accounts() const {
    return paths_->everyone();
  }

 private:
  using Connections = std::vector<int>;

  void ClassifyConnections();
  void CollectPrincipals(const std::vector<model::ObjectRef>& extra);
  Connections Touching(const Principal& principal, const Viewer& viewer) const;
  BindingsDocument EveryoneDocument(bool users) const;

  const Snapshot& snapshot_;
  bool with_users_;
  std::vector<Principal> principals_;
  // Connections that every caller meets somehow, whoever it is ...
  Connections open_to_all_;
  // ... of which these have no gate and no Deny: the everyone.sa document.
  std::vector<char> in_everyone_sa_;
  std::optional<PolicyPaths> paths_;  // set by the constructor
};

}  // namespace claviger::access
