// SPDX-License-Identifier: Apache-2.0
//
// Group: callers with something in common; nested, cluster-scoped, and also
// joined by a claim of a user's verified token. A plain value; see object.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/object.h"

namespace claviger::model {

/// Users whose verified token has `value` in the claim `name` are members.
struct Claim {
  std::string name;
  std::string value;
  auto operator<=>(const Claim&) const = default;
};

struct Group {
  Metadata metadata;
  std::vector<Subject> members;  // ServiceAccount, Namespace, User, Group
  std::vector<Subject> admins;   // User, ServiceAccount, Group
  std::optional<Claim> claim;
  /// Set when validation refused it: it gives nothing; Denies still reach the
  /// members it names.
  std::optional<Refusal> refused;
};

}  // namespace claviger::model
