// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/requester.h"

#include <algorithm>

#include "access/decision.h"
#include "base/names.h"

namespace claviger::op::webhook {
namespace {

using access::Caller;
using model::SubjectKind;

constexpr std::string_view kAccountPrefix = "system:serviceaccount:";
constexpr std::string_view kNamespaceController =
    "system:serviceaccount:kube-system:namespace-controller";
constexpr std::string_view kGarbageCollector =
    "system:serviceaccount:kube-system:generic-garbage-collector";

bool Holds(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool NamesOne(const Admins& admins, const UserInfo& user) {
  return Holds(admins.users, user.username) ||
         std::any_of(
             user.groups.begin(), user.groups.end(),
             [&](const std::string& g) { return Holds(admins.groups, g); });
}

}  // namespace

Caller CallerOf(const UserInfo& user) {
  const std::string_view name = user.username;
  if (name.substr(0, kAccountPrefix.size()) == kAccountPrefix) {
    const std::string_view rest = name.substr(kAccountPrefix.size());
    const size_t colon = rest.find(':');
    const std::string_view ns = rest.substr(0, colon);
    const std::string_view account =
        colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    if (IsDnsLabel(ns) && IsDnsSubdomain(account)) {
      return Caller::ServiceAccount(std::string(ns), std::string(account));
    }
  }
  return Caller::User(user.username, {{"groups", user.groups}});
}

Caller CallerOf(const model::Subject& subject) {
  return subject.kind == SubjectKind::kServiceAccount
             ? Caller::ServiceAccount(subject.ns, subject.name)
             : Caller::User(subject.name);
}

Requester::Requester(const View& view, const Settings& settings,
                     const UserInfo& user)
    : view_(view),
      settings_(settings),
      user_(user),
      caller_(CallerOf(user)),
      name_(ToString(caller_)),
      membership_(view.snapshot().graph().Of(caller_)) {}

model::Subject Requester::AsSubject() const {
  const bool is_user = caller_.kind == Caller::Kind::kUser;
  return {is_user ? SubjectKind::kUser : SubjectKind::kServiceAccount,
          caller_.ns, caller_.name};
}

template <typename Covers>
bool Requester::IsAdmin(Covers covers) const {
  return std::any_of(settings_.admins.begin(), settings_.admins.end(),
                     [&](const Admins& admins) {
                       return std::any_of(admins.namespaces.begin(),
                                          admins.namespaces.end(), covers) &&
                              NamesOne(admins, user_);
                     });
}

bool Requester::AdministersNamespace(std::string_view ns) const {
  return IsAdmin(
      [ns](const std::string& one) { return one == "*" || one == ns; });
}

bool Requester::AdministersAll() const {
  return IsAdmin([](const std::string& one) { return one == "*"; });
}

bool Requester::IsOperator() const {
  return !settings_.operator_user.empty() &&
         user_.username == settings_.operator_user;
}

bool Requester::IsNamespaceController() const {
  return user_.username == kNamespaceController;
}

bool Requester::IsGarbageCollector() const {
  return user_.username == kGarbageCollector;
}

bool Requester::Is(const model::Subject& subject) const {
  if (subject.kind != SubjectKind::kGroup) return subject == AsSubject();
  const access::GroupIndex group = view_.snapshot().graph().Find(subject.name);
  return group >= 0 &&
         std::any_of(membership_.allow.begin(), membership_.allow.end(),
                     [group](const access::Reached& reached) {
                       return reached.group == group;
                     });
}

bool Requester::IsAdminOf(const model::Group& group) const {
  return !model::IsRestored(group.refused) &&
         std::any_of(group.admins.begin(), group.admins.end(),
                     [this](const model::Subject& one) { return Is(one); });
}

model::PrivilegeSet Requester::On(const model::ObjectRef& connection,
                                  Time now) const {
  const model::Connection* known = view_.FindConnection(connection);
  if (known != nullptr && model::IsRestored(known->refused)) return {};
  const auto binding =
      access::ProjectUnbounded(view_.snapshot(), caller_, connection);
  if (!binding) return {};
  return access::EffectivePrivileges(*binding, now);
}

}  // namespace claviger::op::webhook
