// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "operator/webhook/rules.h"
#include "providers/compatibility.h"

namespace claviger::op::webhook {
namespace {

using model::Connection;
using model::Privilege;

// The snapshot's Connection, if it is not older than what is under review.
const Connection* Current(const Case& one, const Connection& old) {
  const Connection* known = one.view.FindConnection(old.ref());
  if (known == nullptr || known->metadata.uid != old.metadata.uid ||
      known->metadata.generation < old.metadata.generation) {
    return nullptr;
  }
  return known;
}

// Ownership is in the object under review itself; anything else needs a
// snapshot that knows this Connection as it is.
Finding MayManage(const Case& one) {
  const auto& old = one.review.old_object->connection;
  const Requester& requester = one.requester;
  if (requester.AdministersNamespace(one.review.ns)) return std::nullopt;
  if (!old) {
    return Refused{Rule::kPrivilege,
                   "what is stored cannot be read, so its owner is not known",
                   "ask an administrator of namespace " + one.review.ns};
  }
  const Connection* current = Current(one, *old);
  if (current != nullptr && model::IsRestored(current->refused)) {
    return OutOfABackup("ask an administrator of namespace " + one.review.ns);
  }
  if (current == nullptr) {
    if (old->owner && requester.Is(*old->owner)) return std::nullopt;
  } else if (requester.On(old->ref(), one.now).Has(Privilege::kManage)) {
    return std::nullopt;
  }
  return Refused{Rule::kPrivilege,
                 requester.name() + " lacks manage on it; " + WhoManages(*old),
                 "ask one of them, or for a Grant of manage",
                 current == nullptr};
}

Finding CheckProvider(const Connection& connection) {
  for (const model::Problem& problem :
       providers::CheckCompatibility(connection)) {
    if (problem.severity == model::Problem::Severity::kWarning) continue;
    return Refused{Rule::kInvalid, problem.path + ": " + problem.what,
                   problem.fix};
  }
  return std::nullopt;
}

// The owner may be made only oneself, or a group one belongs to.
Finding CheckOwner(const Case& one, const Connection& connection,
                   const Connection* old) {
  const Requester& requester = one.requester;
  if (old != nullptr && old->owner == connection.owner) return std::nullopt;
  if (requester.AdministersNamespace(one.review.ns)) return std::nullopt;
  if (!connection.owner) {
    return Refused{Rule::kOwner, "spec.owner is missing",
                   "name yourself, or a group that you belong to"};
  }
  if (requester.Is(*connection.owner)) return std::nullopt;
  const bool unknown_group =
      connection.owner->kind == model::SubjectKind::kGroup &&
      one.view.FindGroup(connection.owner->name) == nullptr;
  return Refused{
      Rule::kOwner,
      requester.name() + " is not " +
          (connection.owner->kind == model::SubjectKind::kGroup ? "a member of "
                                                                : "") +
          Describe(*connection.owner) +
          (unknown_group ? ", which does not exist" : ""),
      "make yourself the owner, or a group that you belong to; an "
      "administrator of namespace " +
          one.review.ns + " may make anybody",
      unknown_group};
}

}  // namespace

Finding JudgeConnection(const Case& one) {
  const Review& review = one.review;
  if (review.operation != Operation::kCreate) {
    if (auto found = MayManage(one)) return found;
  }
  if (review.operation == Operation::kDelete) return std::nullopt;
  if (auto found = CheckSound(*review.object)) return found;
  const Connection& connection = *review.object->connection;
  const Connection* old = review.old_object && review.old_object->connection
                              ? &*review.old_object->connection
                              : nullptr;
  if (auto found = CheckOwner(one, connection, old)) return found;
  if (auto found = CheckProvider(connection)) return found;
  return CheckConnectionPaths(one, connection, old);
}

}  // namespace claviger::op::webhook
