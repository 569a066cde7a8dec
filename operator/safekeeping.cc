// SPDX-License-Identifier: Apache-2.0
#include "operator/safekeeping.h"

#include <algorithm>
#include <set>
#include <utility>

namespace claviger::op {
namespace {

std::set<std::string> NamespacesOf(const access::Edits& edits) {
  std::set<std::string> namespaces;
  for (const auto& one : edits.connections) namespaces.insert(one->metadata.ns);
  for (const auto& one : edits.grants) namespaces.insert(one->metadata.ns);
  for (const auto& one : edits.ended) namespaces.insert(one.ref.ns);
  return namespaces;
}

}  // namespace

Safekeeping::Safekeeping(const ReconcilerSettings& settings, Store& store)
    : settings_(settings),
      store_(store),
      inventories_(store, settings.layout.cluster) {}

Result<bool> Safekeeping::Load() {
  const Inventories before = inventories_.known();
  Status loaded = inventories_.Load();
  if (!loaded) return Fail(std::move(loaded).error());
  return inventories_.known() != before;
}

Status Safekeeping::Judge(const model::Objects& objects,
                          const std::vector<std::string>& ids, Time now) {
  Absence absence =
      JudgeAbsence(inventories_.known(), objects, settings_.safety, verdict_,
                   now, known_is_older_);
  Status held = Hold(std::move(absence.verdict), objects.ended, ids, now);
  if (!held) return held;
  missing_ = std::move(absence.missing);
  judged_ = std::move(absence.ledger);
  return {};
}

Status Safekeeping::Hold(Verdict verdict,
                         const std::vector<model::Ended>& ended,
                         const std::vector<std::string>& ids, Time now) {
  if (verdict.brakes.empty()) {
    held_.reset();
    verdict_ = std::move(verdict);
    return {};
  }
  const bool same = held_ != nullptr && verdict.all == verdict_.all &&
                    verdict.frozen == verdict_.frozen && held_without_ == ended;
  if (!same) {
    Result<Held> held = Held::Load(store_, settings_.layout.cluster, ids,
                                   verdict, inventories_.known(), ended, now);
    if (!held) return Fail(std::move(held).error());
    held_ = std::make_unique<Held>(*std::move(held));
    held_without_ = ended;
  }
  verdict_ = std::move(verdict);
  return {};
}

Status Safekeeping::Save(std::vector<Change>& changes) {
  Status saved = Put(judged_, changes);
  if (!saved) return saved;
  judged_.clear();
  known_is_older_ = false;
  return {};
}

Status Safekeeping::Put(const Inventories& wanted,
                        std::vector<Change>& changes) {
  for (const auto& [ns, inventory] : wanted) {
    Status saved = inventories_.Put(ns, inventory, changes);
    if (!saved) return saved;
  }
  return {};
}

void Safekeeping::ApplyTo(model::Objects& objects) const {
  ApplyLedger(judged_.empty() ? inventories_.known() : judged_, objects);
}

// Whether the edits leave all that is written down as it is. What is kept of
// an object names its path, so an equal text means an equal path.
bool Safekeeping::IsWrittenDown(const access::Edits& edits,
                                const model::Objects& slice) const {
  if (!edits.ended.empty() || !slice.explains_deletions) return false;
  std::set<model::ObjectRef> edited;
  for (const auto& one : edits.connections) edited.insert(one->ref());
  for (const auto& one : edits.grants) edited.insert(one->connection_ref());
  model::Objects objects;
  objects.explains_deletions = true;
  for (const model::Connection& one : slice.connections) {
    if (edited.count(one.ref()) > 0) objects.connections.push_back(one);
  }
  for (const model::Grant& one : slice.grants) {
    if (edited.count(one.connection_ref()) > 0) objects.grants.push_back(one);
  }
  const Inventories inventories = TakeInventory(objects);
  return std::all_of(
      inventories.begin(), inventories.end(), [&](const auto& entry) {
        const auto known = inventories_.known().find(entry.first);
        return known != inventories_.known().end() &&
               known->second.Holds(entry.second);
      });
}

Result<bool> Safekeeping::JudgeEdits(const access::Edits& edits,
                                     const access::ObjectIndex& index,
                                     const model::Objects& slice, Time now,
                                     std::vector<Change>& changes) {
  if (IsWrittenDown(edits, slice)) return true;
  const std::set<std::string> namespaces = NamespacesOf(edits);
  Inventories known;
  for (const std::string& ns : namespaces) {
    const auto found = inventories_.known().find(ns);
    if (found != inventories_.known().end()) known.insert(*found);
  }
  model::Objects objects = index.Within(namespaces);
  objects.ended = edits.ended;
  const Absence absence =
      JudgeAbsence(known, objects, settings_.safety, verdict_, now);
  const Verdict& verdict = absence.verdict;
  if (verdict.all || !verdict.brakes.empty() || !absence.missing.empty()) {
    return false;
  }
  Status saved = Put(absence.ledger, changes);
  if (!saved) return Fail(std::move(saved).error());
  return true;
}

bool Safekeeping::IsHealthy() const {
  return verdict_.brakes.empty() && !verdict_.all && missing_.empty() &&
         held_ == nullptr;
}

}  // namespace claviger::op
