// SPDX-License-Identifier: Apache-2.0
#include "operator/held.h"

#include <algorithm>
#include <utility>

#include "access/bindings_entry.h"
#include "operator/observed.h"

namespace claviger::op {
namespace {

using access::Binding;
using access::BindingsDocument;

std::string SlotName(const model::ObjectRef& connection,
                     const std::string& grant) {
  return ToString(connection) + (grant.empty() ? " " : " grant/" + grant + " ");
}

bool Before(const Binding& a, const Binding& b) {
  return a.facts->ref < b.facts->ref;
}

// Time goes on while the brake is on; it may only narrow.
void StopWidening(Binding& binding, Time now) {
  std::vector<access::GrantEntry>& grants = binding.grants;
  const auto open = std::remove_if(
      grants.begin(), grants.end(), [&](const access::GrantEntry& grant) {
        return grant.effect == model::Effect::kAllow &&
               grant.window.not_before && *grant.window.not_before > now;
      });
  grants.erase(open, grants.end());
  for (access::GrantEntry& grant : grants) {
    if (grant.effect == model::Effect::kDeny && grant.window.Contains(now)) {
      grant.window.expires_at.reset();
    }
  }
}

// Nothing where the entry is not ours.
Result<std::optional<BindingsDocument>> ReadDocument(
    Store& store, const access::EntryStamp& stamp, const VaultNames& names) {
  Result<Observed> seen = ObserveParts(store, stamp, names);
  if (!seen) return Fail(std::move(seen).error());
  if (seen->owner != Observed::Owner::kUs) return std::nullopt;
  const Result<std::vector<std::string>> parts = PartsOf(*seen);
  if (!parts) return Fail(parts.error());
  Result<BindingsDocument> document = access::DecodeBindings(*parts);
  if (!document) return Fail(std::move(document).error());
  return std::optional<BindingsDocument>(*std::move(document));
}

}  // namespace

Held::Held(const Verdict& verdict, const Inventories& known,
           const std::vector<model::Ended>& ended)
    : verdict_(verdict) {
  for (const model::Ended& one : ended) {
    if (one.kind == "Connection") ended_connections_.insert(one.uid);
    if (one.kind == "Grant") ended_grants_.insert(one.ref);
  }
  for (const auto& [ns, inventory] : known) {
    if (!verdict.Holds(ns)) continue;
    paths_.insert(inventory.paths.begin(), inventory.paths.end());
  }
}

Result<Held> Held::Load(Store& store, const std::string& cluster,
                        const std::vector<std::string>& ids,
                        const Verdict& verdict, const Inventories& known,
                        const std::vector<model::Ended>& ended, Time now) {
  Held held(verdict, known, ended);
  const access::EntryStamp stamp{"claviger", cluster, 1};
  for (const std::string& id : ids) {
    auto document = ReadDocument(store, stamp, VaultNames(cluster, id));
    if (document) {
      if (*document) held.Take(*std::move(*document), now);
    } else if (document.error().code == ErrorCode::kMalformed) {
      held.unreadable_.insert(id);
    } else {
      return Fail(std::move(document).error());
    }
  }
  return held;
}

void Held::Take(BindingsDocument document, Time now) {
  for (const Binding& binding : document.bindings) Remember(binding);
  if (!verdict_.all) {
    const auto kept = std::remove_if(
        document.bindings.begin(), document.bindings.end(),
        [&](const Binding& binding) { return !Keeps(binding.facts->ref); });
    document.bindings.erase(kept, document.bindings.end());
    document.claim_groups.clear();
    if (document.bindings.empty()) return;
  }
  DropEnded(document);
  for (Binding& binding : document.bindings) StopWidening(binding, now);
  std::string id = document.principal;
  documents_.insert_or_assign(std::move(id), std::move(document));
}

// A Deny stays: nothing is widened in a namespace that lost so much.
void Held::DropEnded(BindingsDocument& document) const {
  std::vector<Binding>& bindings = document.bindings;
  bindings.erase(
      std::remove_if(bindings.begin(), bindings.end(),
                     [&](const Binding& binding) {
                       return ended_connections_.count(binding.facts->uid) > 0;
                     }),
      bindings.end());
  for (Binding& binding : bindings) {
    std::vector<access::GrantEntry>& grants = binding.grants;
    const auto gone = std::remove_if(
        grants.begin(), grants.end(), [&](const access::GrantEntry& grant) {
          return grant.effect == model::Effect::kAllow &&
                 ended_grants_.count({binding.facts->ref.ns, grant.name}) > 0;
        });
    grants.erase(gone, grants.end());
  }
}

void Held::Remember(const Binding& binding) {
  const access::ConnectionFacts& facts = *binding.facts;
  if (facts.refused) return;
  if (facts.default_slot) {
    RememberSlot(SlotName(facts.ref, ""), *facts.default_slot);
  }
  for (const access::GrantEntry& grant : binding.grants) {
    if (grant.slot) RememberSlot(SlotName(facts.ref, grant.name), *grant.slot);
  }
}

void Held::RememberSlot(const std::string& slot, const access::Slot& where) {
  const std::string path = ApiPath(where.vault);
  if (paths_.count(path) == 0) return;
  sound_slots_.insert(slot + path);
  if (where.server_side_only) server_side_.insert(path);
}

std::vector<std::string> Held::Principals() const {
  std::set<std::string> ids = unreadable_;
  for (const auto& [id, document] : documents_) ids.insert(id);
  return {ids.begin(), ids.end()};
}

BindingsDocument Held::Compose(BindingsDocument compiled) const {
  const auto found = documents_.find(compiled.principal);
  if (verdict_.all) {
    if (found != documents_.end()) return found->second;
    return {compiled.principal, {}, {}};
  }
  std::vector<Binding>& bindings = compiled.bindings;
  const auto kept = std::remove_if(
      bindings.begin(), bindings.end(),
      [&](const Binding& binding) { return Keeps(binding.facts->ref); });
  bindings.erase(kept, bindings.end());
  if (found != documents_.end()) {
    bindings.insert(bindings.end(), found->second.bindings.begin(),
                    found->second.bindings.end());
    std::sort(bindings.begin(), bindings.end(), Before);
  }
  return compiled;
}

bool Held::NewlyNamed(const std::string& slot,
                      const model::VaultRef& vault) const {
  const std::string path = ApiPath(vault);
  return paths_.count(path) > 0 && sound_slots_.count(slot + path) == 0;
}

void Held::Narrow(model::Objects& objects) const {
  const model::Refusal refusal{
      "DeletionUnconfirmed",
      "its Vault path is also named by objects whose deletion waits to be "
      "confirmed",
      "confirm or undo that deletion"};
  for (model::Connection& connection : objects.connections) {
    auto& slot = connection.credentials.default_slot;
    if (!slot || Keeps(connection.ref())) continue;
    if (NewlyNamed(SlotName(connection.ref(), ""), slot->vault) &&
        !connection.refused) {
      connection.refused = refusal;
    }
    if (server_side_.count(ApiPath(slot->vault)) > 0) {
      slot->server_side_only = true;
    }
  }
  for (model::Grant& grant : objects.grants) {
    if (!grant.credential || Keeps(grant.connection_ref())) continue;
    const model::VaultRef& vault = grant.credential->vault;
    if (NewlyNamed(SlotName(grant.connection_ref(), grant.metadata.name),
                   vault) &&
        !grant.refused) {
      grant.refused = refusal;
    }
    if (server_side_.count(ApiPath(vault)) > 0) {
      grant.credential->server_side_only = true;
    }
  }
}

std::optional<Time> Held::NextTransition(Time now) const {
  std::optional<Time> next;
  const auto consider = [&](const std::optional<Time>& edge) {
    if (edge && *edge > now && (!next || *edge < *next)) next = edge;
  };
  for (const auto& [id, document] : documents_) {
    for (const Binding& binding : document.bindings) {
      for (const access::GrantEntry& grant : binding.grants) {
        consider(grant.window.not_before);
        consider(grant.window.expires_at);
      }
    }
  }
  return next;
}

}  // namespace claviger::op
