// SPDX-License-Identifier: Apache-2.0
//
// All objects at one moment, judged and indexed: the input of every decision
// and of the compiler. Immutable and thread-safe once built. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/binding.h"
#include "access/budget.h"
#include "access/group_graph.h"
#include "access/named.h"
#include "access/openness.h"
#include "access/path_rules.h"
#include "model/objects.h"

namespace claviger::access {

struct SnapshotSettings {
  PathRules paths;
  /// Namespaces whose Connections may be shared with the organization or
  /// Everyone; "*" for all.
  std::vector<std::string> organization_from = {"*"};
  /// With the admission webhook on, every Grant carries a consent stamp: one
  /// without is inert. A stamp that is there is held to either way.
  bool require_stamps = false;
  /// Where no API server gives service accounts a uid, each has UuidV5 of
  /// "ServiceAccount/<ns>/<name>", as the tokens of `claviger dev` say.
  bool account_uids_by_name = false;
  Budgets budgets;
};

class Snapshot {
 public:
  /// Takes the objects, in any order. Runs the provider rules, the path rules
  /// and the claims on paths, and sets `refused` on what they refuse; what
  /// they find is in problems(), behind those the objects came with.
  Snapshot(model::Objects objects, const SnapshotSettings& settings);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  Snapshot(Snapshot&&) = default;
  Snapshot& operator=(Snapshot&&) = default;

  const std::vector<model::Connection>& connections() const {
    return objects_.connections;
  }
  const std::vector<model::Grant>& grants() const { return objects_.grants; }
  const std::vector<model::Group>& groups() const { return objects_.groups; }
  const std::vector<model::ObjectRef>& service_accounts() const {
    return objects_.service_accounts;
  }
  /// Empty where it is not known.
  std::string AccountUid(const model::ObjectRef& account) const;
  const std::vector<model::Problem>& problems() const {
    return objects_.problems;
  }
  const GroupGraph& graph() const { return graph_; }

  /// The index of a connection; -1 where it is unknown.
  int Find(const model::ObjectRef& ref) const;
  const std::shared_ptr<const ConnectionFacts>& facts(int connection) const {
    return facts_[static_cast<size_t>(connection)];
  }
  /// The valid, unsuspended Grants on a connection that are not inert, as
  /// indices, by name.
  const std::vector<int>& grants_of(int connection) const {
    return grants_of_[static_cast<size_t>(connection)];
  }
  /// The slot that a Grant brings, server-side-only worked out; null without.
  const std::shared_ptr<const Slot>& slot_of(int grant) const {
    return slots_[static_cast<size_t>(grant)];
  }

  /// What matching looks at, in one place: who owns a connection, whom it is
  /// shared with by name, and its Grants in the order of grants_of().
  struct GrantRow {
    int grant = 0;
    bool denies = false;
    NamedRange subjects;
  };
  struct ConnectionRow {
    NamedRange owner;
    NamedRange sharing_groups;
    std::vector<GrantRow> grants;
    std::vector<GrantRow> inert;  // valid and unsuspended, but give nothing
  };
  const ConnectionRow& row(int connection) const {
    return rows_[static_cast<size_t>(connection)];
  }
  const NameTable& names() const { return names_; }

  /// The connections that name one caller or group, in order, and how many
  /// sources of access of theirs do so.
  struct Mentions {
    std::vector<int> connections;
    int sources = 0;
  };
  /// `id` is of names().
  const Mentions& of_caller(int id) const {
    return of_caller_[static_cast<size_t>(id)];
  }
  const Mentions& of_group(GroupIndex group) const {
    return of_group_[static_cast<size_t>(group)];
  }

  /// What of the sharing with everyone counts.
  const Openness& openness() const { return openness_; }

  /// Those of `sources` for which one principal's budget has no room.
  std::vector<Source> OverBudget(std::vector<Source> sources) const {
    return access::OverBudget(objects_, budgets_, namespace_of_,
                              std::move(sources));
  }
  const Budgets& budgets() const { return budgets_; }
  int namespaces() const { return namespaces_; }  // that connections are of
  SourceName NameOf(const Source& source) const;

 private:
  void IndexConnections();
  void IndexGrants();
  void IndexSubjects();
  void IndexMentions();
  void LimitOpenConnections(const std::vector<std::string>& from);
  void BuildFacts();

  Budgets budgets_;
  bool account_uids_by_name_;
  model::Objects objects_;
  GroupGraph graph_;
  std::unordered_map<std::string, int> by_ref_;
  std::vector<std::shared_ptr<const ConnectionFacts>> facts_;
  std::vector<std::vector<int>> grants_of_;
  std::vector<std::vector<int>> inert_of_;
  std::vector<std::shared_ptr<const Slot>> slots_;  // by grant
  NameTable names_;
  std::vector<Named> named_;  // what the rows' ranges point into
  std::vector<ConnectionRow> rows_;
  std::vector<Mentions> of_caller_;
  std::vector<Mentions> of_group_;
  std::vector<int> namespace_of_;  // a number, by connection
  int namespaces_ = 0;
  Openness openness_;
};

/// One Connection for one caller, from the objects, as the caller's documents
/// hold it: within its budgets. Absent: unknown.
std::optional<Binding> Project(const Snapshot& snapshot, const Caller& caller,
                               const model::ObjectRef& connection);

/// The same without the caller's own budget: for who may change a connection,
/// which no number of others may take away.
std::optional<Binding> ProjectUnbounded(const Snapshot& snapshot,
                                        const Caller& caller,
                                        const model::ObjectRef& connection);

}  // namespace claviger::access
