// SPDX-License-Identifier: Apache-2.0
#include "operator/inventory.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/json.h"
#include "operator/keepsake.h"
#include "operator/vault_names.h"

namespace claviger::op {
namespace {

using nlohmann::json;

// Below Vault's limits for an entry and for the elements of a list.
constexpr size_t kMaxPartBytes = size_t{256} * 1024;
constexpr size_t kMaxPartItems = 5'000;
constexpr size_t kMaxParts = 1'000;
constexpr std::string_view kPathMark = "path:";
constexpr std::string_view kKeptMark = "kept:";
constexpr std::string_view kMissingMark = "missing:";
constexpr std::string_view kEndedMark = "ended:";

std::string LineOf(std::string_view kind, const model::Metadata& metadata) {
  return std::string(kind) + "/" + metadata.name + "/" + metadata.uid;
}

json Frame(const std::string& cluster) {
  return {{"stamp", {{"by", "claviger"}, {"cluster", cluster}, {"format", 1}}},
          {"parts", 1},
          {"items", json::array()}};
}

// The texts of the parts, at least one.
std::vector<std::string> Encode(const std::string& cluster,
                                const Inventory& inventory) {
  std::vector<json> parts = {Frame(cluster)};
  size_t bytes = 0;
  const auto add = [&](std::string item) {
    bytes += item.size() + 4;
    if (bytes > kMaxPartBytes ||
        parts.back()["items"].size() >= kMaxPartItems) {
      parts.push_back(Frame(cluster));
      bytes = item.size() + 4;
    }
    parts.back()["items"].push_back(std::move(item));
  };
  for (const std::string& line : inventory.objects) add(line);
  for (const std::string& path : inventory.paths) {
    add(std::string(kPathMark) + path);
  }
  for (const auto& [line, keepsake] : inventory.kept) {
    const bool missing = inventory.missing.count(line) > 0;
    add(std::string(missing ? kMissingMark : kKeptMark) + line + " " +
        keepsake);
  }
  for (const auto& [uid, stone] : inventory.ended) {
    add(std::string(kEndedMark) + uid + " " + std::to_string(stone.generation) +
        " " + FormatRfc3339(stone.since));
  }
  std::vector<std::string> texts;
  for (json& part : parts) {
    part["parts"] = parts.size();
    texts.push_back(DumpJson(part));
  }
  return texts;
}

bool Take(std::string& text, std::string_view mark) {
  if (text.rfind(mark, 0) != 0) return false;
  text.erase(0, mark.size());
  return true;
}

bool DecodeKept(const std::string& text, bool missing, Inventory& into) {
  // Neither names nor uids hold a space.
  const size_t space = text.find(' ');
  if (space == std::string::npos) return false;
  const std::string line = text.substr(0, space);
  if (missing) into.missing.insert(line);
  into.kept[line] = text.substr(space + 1);
  return true;
}

bool DecodeEnded(const std::string& text, Inventory& into) {
  const size_t first = text.find(' ');
  const size_t second = text.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return false;
  Tombstone stone;
  const char* end = text.data() + second;
  const auto read =
      std::from_chars(text.data() + first + 1, end, stone.generation);
  const Result<Time> since = ParseRfc3339(text.substr(second + 1));
  if (read.ec != std::errc() || read.ptr != end || !since) return false;
  stone.since = *since;
  into.ended[text.substr(0, first)] = stone;
  return true;
}

bool DecodeItem(std::string item, Inventory& into) {
  if (Take(item, kPathMark)) {
    into.paths.insert(std::move(item));
  } else if (Take(item, kKeptMark)) {
    return DecodeKept(item, false, into);
  } else if (Take(item, kMissingMark)) {
    return DecodeKept(item, true, into);
  } else if (Take(item, kEndedMark)) {
    return DecodeEnded(item, into);
  } else {
    into.objects.insert(std::move(item));
  }
  return true;
}

// Adds the items of one part. The number of parts it says there are.
Result<size_t> Decode(const std::string& text, const std::string& path,
                      const json& stamp, Inventory& into) {
  const auto foreign = [&] {
    return Fail(ErrorCode::kConflict,
                "read inventory " + path +
                    ": exists and was not written by this operator");
  };
  const Result<json> part = ParseJson(text);
  if (!part || !part->is_object() || part->value("stamp", json()) != stamp) {
    return foreign();
  }
  const json items = part->value("items", json());
  const json parts = part->value("parts", json());
  if (!items.is_array() || !parts.is_number_unsigned()) return foreign();
  for (const json& item : items) {
    if (!item.is_string()) return foreign();
    if (!DecodeItem(item.get_ref<const std::string&>(), into)) return foreign();
  }
  return std::min(parts.get<size_t>(), kMaxParts);
}

}  // namespace

bool Inventory::Holds(const Inventory& some) const {
  const auto text_of = [](const Inventory& of, const std::string& line) {
    const auto found = of.kept.find(line);
    return found == of.kept.end() ? nullptr : &found->second;
  };
  const auto holds = [&](const std::string& line) {
    const std::string* here = text_of(*this, line);
    const std::string* there = text_of(some, line);
    const bool both = here != nullptr && there != nullptr;
    return objects.count(line) > 0 && (both ? *here == *there : here == there);
  };
  return std::all_of(some.objects.begin(), some.objects.end(), holds) &&
         std::includes(paths.begin(), paths.end(), some.paths.begin(),
                       some.paths.end());
}

Inventories TakeInventory(const model::Objects& objects) {
  std::optional<KeepsakeMaker> maker;
  if (objects.explains_deletions) maker.emplace(objects);
  Inventories all;
  const auto take = [&](std::string_view kind, const std::string& ns,
                        const auto& object) -> Inventory& {
    Inventory& mine = all[ns];
    std::string line = LineOf(kind, object.metadata);
    if (maker) {
      const std::optional<std::string> keepsake = maker->Of(object);
      if (keepsake) mine.kept.emplace(line, *keepsake);
    }
    mine.objects.insert(std::move(line));
    return mine;
  };
  for (const model::Connection& connection : objects.connections) {
    Inventory& mine = take("Connection", connection.metadata.ns, connection);
    if (const auto& slot = connection.credentials.default_slot) {
      mine.paths.insert(ApiPath(slot->vault));
    }
  }
  for (const model::Grant& grant : objects.grants) {
    Inventory& mine = take("Grant", grant.metadata.ns, grant);
    if (grant.credential) mine.paths.insert(ApiPath(grant.credential->vault));
  }
  for (const model::Group& group : objects.groups) {
    take("Group", std::string(kClusterScope), group);
  }
  return all;
}

InventoryLedger::InventoryLedger(Store& store, std::string cluster)
    : store_(store), cluster_(std::move(cluster)) {}

std::string InventoryLedger::PathOf(const std::string& ns, size_t part) const {
  std::string path = InventoryFolder(cluster_) + "/" + ns;
  if (part > 0) path += "/" + std::to_string(part);
  return path;
}

Status InventoryLedger::Load() {
  InventoryLedger fresh(store_, cluster_);
  Status loaded = fresh.LoadAll();
  if (!loaded) return loaded;
  known_ = std::move(fresh.known_);
  versions_ = std::move(fresh.versions_);
  loaded_ = true;
  return {};
}

Status InventoryLedger::LoadAll() {
  const Result<std::vector<std::string>> names =
      store_.ListEntries(InventoryFolder(cluster_));
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (name.empty() || name.back() == '/') continue;
    Status loaded = LoadOne(name);
    if (!loaded) return loaded;
  }
  return {};
}

Status InventoryLedger::LoadOne(const std::string& ns) {
  Inventory inventory;
  Versions versions;
  const json stamp = Frame(cluster_)["stamp"];
  size_t parts = 1;
  for (size_t part = 0; part < parts; ++part) {
    const std::string path = PathOf(ns, part);
    const Result<Entry> entry = store_.ReadEntry(path);
    if (!entry && entry.error().code == ErrorCode::kNotFound) {
      // A part that a write cut off has not reached yet.
      versions.push_back(0);
      continue;
    }
    if (!entry) return Fail(entry.error());
    const Result<size_t> said = Decode(entry->data, path, stamp, inventory);
    if (!said) return Fail(said.error());
    if (part == 0) parts = *said;
    versions.push_back(entry->version);
  }
  if (versions.front() == 0) return {};  // removed just now
  known_[ns] = std::move(inventory);
  versions_[ns] = std::move(versions);
  return {};
}

Status InventoryLedger::Put(const std::string& ns, const Inventory& inventory,
                            std::vector<Change>& changes) {
  const auto known = known_.find(ns);
  const bool exists = known != known_.end();
  if (exists ? known->second == inventory : inventory.empty()) return {};
  Versions& versions = versions_[ns];
  const std::vector<std::string> texts = inventory.empty()
                                             ? std::vector<std::string>()
                                             : Encode(cluster_, inventory);
  // The last part first: the first one says how many there are.
  if (versions.size() < texts.size()) versions.resize(texts.size());
  for (size_t part = versions.size(); part-- > 0;) {
    const std::string path = PathOf(ns, part);
    if (part >= texts.size()) {
      Status removed = store_.RemoveEntry(path);
      if (!removed) return removed;
      versions.pop_back();
      continue;
    }
    const Result<int64_t> version =
        store_.WriteEntry(path, texts[part], versions[part]);
    if (!version) return Fail(version.error(), "write inventory of " + ns);
    versions[part] = *version;
  }
  changes.push_back({!exists             ? Action::kCreate
                     : inventory.empty() ? Action::kDelete
                                         : Action::kUpdate,
                     Kind::kLedger, PathOf(ns, 0), false});
  if (inventory.empty()) {
    known_.erase(ns);
    versions_.erase(ns);
  } else {
    known_[ns] = inventory;
  }
  return {};
}

}  // namespace claviger::op
