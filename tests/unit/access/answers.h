// SPDX-License-Identifier: Apache-2.0
//
// Decisions and the oracle's answers as comparable text, and the plumbing that
// tests of lib/access share.
#pragma once

#include <string>

#include "access/explain.h"
#include "access/snapshot.h"
#include "support/oracle.h"
#include "support/world.h"

namespace claviger::testing {

/// Everything an answer says, on one line: equal text, equal answers.
std::string Text(const access::Decision& decision);
std::string Text(const OracleAnswer& answer);

/// "kv2 secret/data/sales/dw", with version and keys.
std::string Text(const model::VaultRef& ref);

/// " view use".
std::string Text(const model::PrivilegeSet& set);

/// What a failed property shows: the question and the world.
std::string Ask(const World& world, const access::Caller& caller,
                const model::ObjectRef& connection,
                const access::Question& question);

/// The settings the oracle assumes.
access::Snapshot Judge(const model::Objects& objects);

/// The same with budgets so small that the worlds are often over them.
access::Budgets TinyBudgets(uint64_t seed);
access::Snapshot Judge(const model::Objects& objects,
                       const access::Budgets& budgets);

/// Every connection of the world, and one that does not exist.
std::vector<model::ObjectRef> AllConnections(const World& world);

}  // namespace claviger::testing
