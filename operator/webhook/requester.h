// SPDX-License-Identifier: Apache-2.0
//
// Who made the request, in the terms that lib/access decides in: a user with
// its groups as the claim `groups`, or a service account. Asks lib/access for
// everything about membership and privileges. Lives as long as one review; not
// synchronised.
#pragma once

#include <string>
#include <string_view>

#include "access/caller.h"
#include "base/time.h"
#include "model/grant.h"
#include "operator/webhook/admission_review.h"
#include "operator/webhook/settings.h"
#include "operator/webhook/view.h"

namespace claviger::op::webhook {

/// "system:serviceaccount:<ns>:<name>" is that service account, anything else
/// a user.
access::Caller CallerOf(const UserInfo& user);

class Requester {
 public:
  /// All three outlive the requester.
  Requester(const View& view, const Settings& settings, const UserInfo& user);

  const access::Caller& caller() const { return caller_; }
  /// "user/alice", for messages.
  const std::string& name() const { return name_; }
  /// The requester as an owner.
  model::Subject AsSubject() const;

  /// A configured administrator of the namespace.
  bool AdministersNamespace(std::string_view ns) const;
  /// ... of all namespaces, and so of Groups.
  bool AdministersAll() const;
  bool IsOperator() const;
  /// The controller that empties a namespace under deletion.
  bool IsNamespaceController() const;
  bool IsGarbageCollector() const;

  /// True where `subject` is the requester, or a Group it is in.
  bool Is(const model::Subject& subject) const;
  /// True where it says whose credentials the group gets, which one out of a
  /// backup lets nobody.
  bool IsAdminOf(const model::Group& group) const;
  /// What the requester holds on a Connection now; nothing on an unknown
  /// one, or one out of a backup.
  model::PrivilegeSet On(const model::ObjectRef& connection, Time now) const;

 private:
  template <typename Covers>
  bool IsAdmin(Covers covers) const;

  const View& view_;
  const Settings& settings_;
  const UserInfo& user_;
  const access::Caller caller_;
  const std::string name_;
  const access::Membership membership_;
};

/// The service account or user that a subject names.
access::Caller CallerOf(const model::Subject& subject);

}  // namespace claviger::op::webhook
