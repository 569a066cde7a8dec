// SPDX-License-Identifier: Apache-2.0
#include "operator/absence.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "operator/keepsake.h"

namespace claviger::op {
namespace {

constexpr std::chrono::hours kTombstoneLife{90 * 24};
constexpr size_t kMaxTombstones = 10'000;  // of one namespace

using Uids = std::unordered_set<std::string>;

std::string UidOf(const std::string& line) {
  return line.substr(line.rfind('/') + 1);
}

std::string ScopeOf(const model::Ended& ended) {
  return ended.kind == "Group" ? std::string(kClusterScope) : ended.ref.ns;
}

Uids ExplainedBy(const Inventories& known, const model::Objects& objects) {
  Uids uids;
  for (const auto& [ns, inventory] : known) {
    for (const auto& [uid, tombstone] : inventory.ended) uids.insert(uid);
  }
  for (const model::Ended& ended : objects.ended) uids.insert(ended.uid);
  return uids;
}

// Without what was deleted in sight of us and is gone, and what is missing
// already: neither counts for the brake.
Inventories Unexplained(Inventories known, const Uids& explained) {
  for (auto& [ns, inventory] : known) {
    auto& objects = inventory.objects;
    for (auto it = objects.begin(); it != objects.end();) {
      it = explained.count(UidOf(*it)) > 0 ? objects.erase(it) : std::next(it);
    }
  }
  return known;
}

template <typename Visit>
void EachMetadata(const model::Objects& objects, Visit visit) {
  for (const auto& one : objects.connections) visit(one.metadata);
  for (const auto& one : objects.grants) visit(one.metadata);
  for (const auto& one : objects.groups) visit(one.metadata);
}

void AddTombstones(const model::Objects& objects, Time now,
                   Inventories& ledger) {
  for (const model::Ended& ended : objects.ended) {
    auto& stones = ledger[ScopeOf(ended)].ended;
    const auto stone =
        stones.try_emplace(ended.uid, Tombstone{ended.generation, now}).first;
    stone->second.generation =
        std::max(stone->second.generation, ended.generation);
  }
}

// One whose object is there, and still gives nothing, must not be forgotten.
void DropOld(const model::Objects& objects, Time now, Inventories& ledger) {
  std::unordered_map<std::string, int64_t> generations;
  EachMetadata(objects, [&](const model::Metadata& metadata) {
    generations.emplace(metadata.uid, metadata.generation);
  });
  for (auto& [ns, inventory] : ledger) {
    auto& stones = inventory.ended;
    std::vector<std::pair<Time, std::string>> idle;
    for (auto it = stones.begin(); it != stones.end();) {
      const auto there = generations.find(it->first);
      const bool holds =
          there != generations.end() && there->second <= it->second.generation;
      if (!holds && now - it->second.since >= kTombstoneLife) {
        it = stones.erase(it);
        continue;
      }
      if (!holds) idle.emplace_back(it->second.since, it->first);
      ++it;
    }
    if (stones.size() <= kMaxTombstones) continue;
    std::sort(idle.begin(), idle.end());
    const size_t surplus =
        std::min(stones.size() - kMaxTombstones, idle.size());
    for (size_t i = 0; i < surplus; ++i) stones.erase(idle[i].second);
  }
}

// Keeps in `now` what is gone from `before` and held something back.
void KeepMissing(const Inventory& before, const Uids& explained,
                 Inventory& now) {
  for (const auto& [line, keepsake] : before.kept) {
    if (now.objects.count(line) > 0 || explained.count(UidOf(line)) > 0) {
      continue;
    }
    now.missing.insert(line);
    now.kept.emplace(line, keepsake);
  }
}

void Forget(Inventory& inventory) {
  for (const std::string& line : inventory.missing) inventory.kept.erase(line);
  inventory.missing.clear();
}

// As it was, less what was deleted in sight of us: under the brake.
Inventory Frozen(const Inventory& before, const Uids& explained) {
  Inventory frozen = before;
  for (auto it = frozen.kept.begin(); it != frozen.kept.end();) {
    it = explained.count(UidOf(it->first)) > 0 ? frozen.kept.erase(it)
                                               : std::next(it);
  }
  for (auto it = frozen.missing.begin(); it != frozen.missing.end();) {
    it = explained.count(UidOf(*it)) > 0 ? frozen.missing.erase(it)
                                         : std::next(it);
  }
  return frozen;
}

model::Refusal Restored(const Tombstone& stone) {
  return {std::string(model::kRestored),
          "it was deleted before, and comes from a backup",
          "delete it and create it again, or save changes until "
          "metadata.generation is over " +
              std::to_string(stone.generation)};
}

class TombstoneCheck {
 public:
  explicit TombstoneCheck(const Inventories& ledger) : ledger_(ledger) {}

  std::optional<model::Refusal> Of(const std::string& ns,
                                   const model::Metadata& metadata) const {
    const auto inventory = ledger_.find(ns);
    if (inventory == ledger_.end()) return std::nullopt;
    const auto stone = inventory->second.ended.find(metadata.uid);
    if (stone == inventory->second.ended.end() ||
        metadata.generation > stone->second.generation) {
      return std::nullopt;
    }
    return Restored(stone->second);
  }

 private:
  const Inventories& ledger_;
};

void Report(std::string object, const model::Refusal& refusal,
            model::Objects& objects) {
  objects.problems.push_back({model::Problem::Severity::kInvalid,
                              {},
                              std::move(object),
                              "metadata",
                              refusal.reason + ": " + refusal.detail,
                              refusal.fix});
}

void RefuseRestored(const Inventories& ledger, model::Objects& objects) {
  const TombstoneCheck check(ledger);
  for (model::Connection& connection : objects.connections) {
    const auto refusal = check.Of(connection.metadata.ns, connection.metadata);
    if (!refusal) continue;
    connection.refused = refusal;
    Report("Connection " + ToString(connection.ref()), *refusal, objects);
  }
  for (model::Grant& grant : objects.grants) {
    // A Deny out of a backup only holds back.
    if (grant.effect == model::Effect::kDeny) continue;
    const auto refusal = check.Of(grant.metadata.ns, grant.metadata);
    if (refusal) grant.inert = refusal;
  }
  for (model::Group& group : objects.groups) {
    const auto refusal = check.Of(std::string(kClusterScope), group.metadata);
    if (!refusal) continue;
    group.refused = refusal;
    Report("Group " + group.metadata.name, *refusal, objects);
  }
}

}  // namespace

Absence JudgeAbsence(const Inventories& known, const model::Objects& objects,
                     const Safety& safety, const Verdict& last, Time now,
                     bool known_is_older) {
  const Inventories current = TakeInventory(objects);
  const Uids explained = ExplainedBy(known, objects);
  const Inventories before = Unexplained(known, explained);
  Absence absence;
  if (!known_is_older || !last.brakes.empty()) {
    absence.verdict = Judge(before, current, safety, last);
  }
  absence.ledger = current;
  for (const auto& [ns, inventory] : before) {
    Inventory& mine = absence.ledger[ns];
    if (absence.verdict.all || absence.verdict.Holds(ns)) {
      mine = Frozen(inventory, explained);
      continue;
    }
    mine.ended = inventory.ended;
    if (!objects.explains_deletions) continue;
    KeepMissing(inventory, explained, mine);
    if (mine.missing.empty()) continue;
    Brake held = MakeBrake(ns, {mine.missing.begin(), mine.missing.end()},
                           mine.objects.size() + mine.missing.size());
    if (IsConfirmed(safety, held.confirmation)) {
      Forget(mine);
    } else {
      absence.missing.push_back(std::move(held));
    }
  }
  if (absence.verdict.all) {
    // Nothing that is new counts as known before it gives anything.
    for (auto& [ns, inventory] : absence.ledger) {
      if (before.count(ns) == 0) inventory = {};
    }
  }
  AddTombstones(objects, now, absence.ledger);
  DropOld(objects, now, absence.ledger);
  return absence;
}

void ApplyLedger(const Inventories& ledger, model::Objects& objects) {
  RefuseRestored(ledger, objects);
  for (const auto& [ns, inventory] : ledger) {
    for (const std::string& line : inventory.missing) {
      const auto kept = inventory.kept.find(line);
      if (kept == inventory.kept.end()) continue;
      const Status revived = Revive(ns, line, kept->second, objects);
      if (revived) continue;
      Report(ns + "/" + line, {"Missing", revived.error().message, ""},
             objects);
    }
  }
}

}  // namespace claviger::op
