// SPDX-License-Identifier: Apache-2.0
#include "operator/inventory.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "operator/vault_names.h"

namespace claviger::op {
namespace {

using nlohmann::json;

// Below Vault's limits for an entry and for the elements of a list.
constexpr size_t kMaxPartBytes = size_t{256} * 1024;
constexpr size_t kMaxPartItems = 5'000;
constexpr size_t kMaxParts = 1'000;
constexpr std::string_view kPathMark = "path:";

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
  std::vector<std::string> texts;
  for (json& part : parts) {
    part["parts"] = parts.size();
    texts.push_back(DumpJson(part));
  }
  return texts;
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
    const auto& line = item.get_ref<const std::string&>();
    if (line.rfind(kPathMark, 0) == 0) {
      into.paths.insert(line.substr(kPathMark.size()));
    } else {
      into.objects.insert(line);
    }
  }
  return std::min(parts.get<size_t>(), kMaxParts);
}

}  // namespace

Inventories TakeInventory(const model::Objects& objects) {
  Inventories all;
  for (const model::Connection& connection : objects.connections) {
    Inventory& mine = all[connection.metadata.ns];
    mine.objects.insert(LineOf("Connection", connection.metadata));
    if (const auto& slot = connection.credentials.default_slot) {
      mine.paths.insert(ApiPath(slot->vault));
    }
  }
  for (const model::Grant& grant : objects.grants) {
    Inventory& mine = all[grant.metadata.ns];
    mine.objects.insert(LineOf("Grant", grant.metadata));
    if (grant.credential) mine.paths.insert(ApiPath(grant.credential->vault));
  }
  for (const model::Group& group : objects.groups) {
    all[std::string(kClusterScope)].objects.insert(
        LineOf("Group", group.metadata));
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
  known_.clear();
  versions_.clear();
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
