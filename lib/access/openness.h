// SPDX-License-Identifier: Apache-2.0
//
// What is open to everyone, and what of that does not count: because its
// namespace may not share with everyone, or for want of room in everyone's
// documents. For lib/access and what reports of it. Immutable; pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access/budget.h"
#include "model/objects.h"

namespace claviger::access {

/// Shared with the organization, or asking everyone for their own credential.
bool SharesWithAll(const model::Connection& connection);

bool NamesEveryone(const std::vector<model::Subject>& subjects);

class Openness {
 public:
  Openness() = default;
  /// `grants_of` are the Grants in force by connection; `from` the namespaces
  /// that may share with everyone, "*" for all.
  Openness(const model::Objects& objects,
           const std::vector<std::vector<int>>& grants_of,
           const std::vector<int>& namespace_of,
           const std::vector<std::string>& from, const Budgets& budgets);

  /// Whether the connection's being shared with all counts.
  bool SharingCounts(int connection) const {
    return closed_.empty() || sharing_[static_cast<size_t>(connection)] != 0;
  }
  /// Whether the Everyone among an Allow Grant's subjects counts.
  bool GrantCounts(int grant) const {
    return closed_.empty() || grants_[static_cast<size_t>(grant)] != 0;
  }
  /// What does not count, and why: SharingNotAllowed or BudgetExceeded.
  const std::map<Source, model::Refusal>& closed() const { return closed_; }

 private:
  void Close(const Source& source, model::Refusal why);

  std::vector<char> sharing_;
  std::vector<char> grants_;
  std::map<Source, model::Refusal> closed_;
};

}  // namespace claviger::access
