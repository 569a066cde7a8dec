// SPDX-License-Identifier: Apache-2.0
#include "access/budget.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "access/precedence.h"

namespace claviger::access {
namespace {

Arrival ArrivalOf(const model::Objects& objects, const Source& source) {
  const model::Connection& connection =
      objects.connections[static_cast<size_t>(source.connection)];
  if (source.grant == Source::kConnection) {
    return {&connection.metadata, &connection, false};
  }
  return {&objects.grants[static_cast<size_t>(source.grant)].metadata,
          &connection, true};
}

bool Fits(const Budgets& budgets, const std::vector<int>& namespace_of,
          const std::vector<Source>& sources) {
  if (sources.size() > static_cast<size_t>(budgets.slots)) return false;
  std::unordered_set<int> namespaces;
  for (const Source& source : sources) {
    namespaces.insert(namespace_of[static_cast<size_t>(source.connection)]);
  }
  return namespaces.size() <= static_cast<size_t>(budgets.namespaces);
}

}  // namespace

void SortByArrival(const model::Objects& objects,
                   std::vector<Source>& sources) {
  std::sort(sources.begin(), sources.end(),
            [&objects](const Source& a, const Source& b) {
              return CameBefore(ArrivalOf(objects, a), ArrivalOf(objects, b));
            });
}

bool Purse::Pay(int ns) {
  const bool known = namespaces_.count(ns) > 0;
  if (slots_ >= budgets_.slots) return false;
  if (!known &&
      namespaces_.size() >= static_cast<size_t>(budgets_.namespaces)) {
    return false;
  }
  ++slots_;
  if (!known) namespaces_.insert(ns);
  return true;
}

std::vector<Source> OverBudget(const model::Objects& objects,
                               const Budgets& budgets,
                               const std::vector<int>& namespace_of,
                               std::vector<Source> sources) {
  if (Fits(budgets, namespace_of, sources)) return {};
  SortByArrival(objects, sources);
  Purse purse(budgets);
  std::vector<Source> over;
  for (const Source& source : sources) {
    const int ns = namespace_of[static_cast<size_t>(source.connection)];
    if (!purse.Pay(ns)) over.push_back(source);
  }
  std::sort(over.begin(), over.end());
  return over;
}

}  // namespace claviger::access
