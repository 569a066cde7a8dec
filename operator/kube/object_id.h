// SPDX-License-Identifier: Apache-2.0
//
// Which object of the API server: its kind, namespace and name. A value.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "model/objects.h"

namespace claviger::op {

enum class ObjectKind { kConnection, kGrant, kGroup };
std::string_view ToString(ObjectKind kind);  // "Connection", ...

struct ObjectId {
  ObjectKind kind = ObjectKind::kConnection;
  model::ObjectRef ref;  // without a namespace for a Group
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const ObjectId&) const = default;
};
std::string ToString(const ObjectId& id);  // "Connection sales/warehouse"

}  // namespace claviger::op
