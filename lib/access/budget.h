// SPDX-License-Identifier: Apache-2.0
//
// How much one principal is given, so that nobody can inflate what others have
// to read (design.md section 2): who came first keeps it, and a newcomer that
// finds no room contributes no access. Denies take no room and always count.
// Pure.
#pragma once

#include <compare>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/objects.h"

namespace claviger::access {

/// What is open to everyone has one budget of `slots` and `namespaces`, and
/// what names a principal, or a group it is in, has another. So neither takes
/// the other's room, and no Deny or gate moves anything between the two.
struct Budgets {
  /// Connections of one namespace that may be open to everyone.
  int open_per_namespace = 100;
  /// Connections owned or shared, and Allow Grants, each one.
  int slots = 1'000;
  /// Namespaces that their connections may be of.
  int namespaces = 64;
};

/// What gives access: a connection itself, which is owned or shared, or an
/// Allow Grant on it. Indices of a snapshot's objects.
struct Source {
  static constexpr int kConnection = -1;
  int connection = 0;
  int grant = kConnection;
  auto operator<=>(const Source&) const = default;
};

/// The same by name: `grant` is empty for the connection itself.
struct SourceName {
  model::ObjectRef connection;
  std::string grant;
  auto operator<=>(const SourceName&) const = default;
};

/// One budget being spent. Namespaces by any number that tells them apart.
class Purse {
 public:
  explicit Purse(const Budgets& budgets) : budgets_(budgets) {}
  /// False, and nothing is spent, where there is no room.
  bool Pay(int ns);

 private:
  const Budgets& budgets_;
  int slots_ = 0;
  std::unordered_set<int> namespaces_;
};

/// Puts who came first in front.
void SortByArrival(const model::Objects& objects, std::vector<Source>& sources);

/// Those of `sources` that find no room, sorted by index. `namespace_of` maps
/// connections to numbers of namespaces.
std::vector<Source> OverBudget(const model::Objects& objects,
                               const Budgets& budgets,
                               const std::vector<int>& namespace_of,
                               std::vector<Source> sources);

}  // namespace claviger::access
