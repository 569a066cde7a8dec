// SPDX-License-Identifier: Apache-2.0
#include "operator/compiled.h"

#include <algorithm>
#include <utility>

#include "operator/vault_names.h"

namespace claviger::op {
namespace {

using access::BindingsDocument;
using access::Principal;

model::Objects Narrowed(model::Objects objects, const Held* held) {
  if (held != nullptr) held->Narrow(objects);
  return objects;
}

}  // namespace

Compiled::Compiled(model::Objects objects, const ReconcilerSettings& settings,
                   const Held* held)
    : settings_(settings),
      held_(held),
      snapshot_(std::make_shared<const access::Snapshot>(
          Narrowed(std::move(objects), held), settings.snapshot)),
      compiler_(*snapshot_, !settings.layout.user_auth_mount.empty(),
                settings.extra_accounts) {
  if (held_ != nullptr) {
    held_paths_.emplace(held_->Compose(compiler_.everyone_service_accounts()));
  }
  for (const model::Group& group : snapshot_->groups()) {
    if (group.claim) claims_.emplace(group.metadata.name, &*group.claim);
  }
  CollectWanted();
}

void Compiled::CollectWanted() {
  const auto add = [&](Wanted wanted) {
    if (ids_.insert(wanted.id).second) wanted_.push_back(std::move(wanted));
  };
  const bool all_kept = held_ != nullptr && held_->verdict().all;
  const std::vector<std::string> kept =
      held_ == nullptr ? std::vector<std::string>() : held_->Principals();
  const std::unordered_set<std::string> kept_ids(kept.begin(), kept.end());
  for (const Principal& principal : compiler_.principals()) {
    std::string id = IdOf(principal);
    // With everything frozen, nobody gets anything new.
    if (all_kept && kept_ids.count(id) == 0) continue;
    add({std::move(id), principal});
  }
  for (const std::string& id : kept) {
    std::optional<Principal> principal = PrincipalOf(id);
    // A group that was deleted on purpose takes its logins along.
    const bool ended = principal && !all_kept &&
                       principal->kind == Principal::Kind::kClaimGroup;
    if (!ended) add({id, std::move(principal)});
  }
  std::stable_partition(wanted_.begin(), wanted_.end(),
                        [](const Wanted& one) { return one.IsEveryone(); });
}

const model::Claim* Compiled::ClaimOf(const Principal& principal) const {
  if (principal.kind != Principal::Kind::kClaimGroup) return nullptr;
  const auto found = claims_.find(principal.name);
  return found == claims_.end() ? nullptr : found->second;
}

// Users' policies open their bindings only, so nothing in them can end; what a
// role of theirs binds to may not be known any more.
bool Compiled::OnlyRightsKept(const Wanted& wanted) const {
  if (!wanted.principal) return true;
  const bool account =
      wanted.principal->kind == Principal::Kind::kServiceAccount ||
      wanted.principal->kind == Principal::Kind::kEveryoneServiceAccount;
  return held_ != nullptr && held_->verdict().all && !account;
}

Result<Desired> Compiled::DesiredFor(const Wanted& wanted, Time now) const {
  if (held_ != nullptr && held_->Unreadable(wanted.id)) {
    return Fail(ErrorCode::kMalformed,
                "keep bindings of " + wanted.id +
                    ": what Vault holds cannot be read; left alone until the "
                    "deletion is confirmed or undone");
  }
  BindingsDocument document{wanted.id, {}, {}};
  const bool all_kept = held_ != nullptr && held_->verdict().all;
  if (wanted.principal && !all_kept) {
    document = compiler_.Document(*wanted.principal);
  }
  if (held_ != nullptr) document = held_->Compose(std::move(document));
  // Whatever is held, a successor never reads its predecessor's slots.
  if (wanted.principal) {
    document.account = compiler_.AccountOf(*wanted.principal);
  }
  if (OnlyRightsKept(wanted)) return KeepRights(document);
  const std::vector<std::string> paths =
      held_paths_ ? held_paths_->Of(*wanted.principal, document, now)
                  : compiler_.CredentialPaths(*wanted.principal, document, now);
  return MakeDesired(settings_.layout, *wanted.principal, document, paths,
                     ClaimOf(*wanted.principal));
}

std::optional<Time> Compiled::NextTransition(Time now) const {
  std::optional<Time> next = compiler_.NextTransition(now);
  if (held_ == nullptr) return next;
  const std::optional<Time> kept = held_->NextTransition(now);
  if (!next || (kept && *kept < *next)) next = kept;
  return next;
}

}  // namespace claviger::op
