// SPDX-License-Identifier: Apache-2.0
#include "operator/epoch.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::op {
namespace {

using nlohmann::json;

// Each version is a pass; what was counted before the first one, in a Vault
// that went back, is added.
constexpr char kBefore[] = "before";

int64_t CountIn(const Entry& entry) {
  const Result<json> data = ParseJson(entry.data);
  if (!data || !data->is_object()) return entry.version;
  const auto before = data->find(kBefore);
  if (before == data->end() || !before->is_number_integer()) {
    return entry.version;
  }
  return entry.version + before->get<int64_t>();
}

}  // namespace

Epoch::Epoch(Store& store, std::string cluster, int64_t known)
    : store_(store),
      cluster_(std::move(cluster)),
      path_(cluster_ + "/ledger/epoch"),
      count_(known) {}

// What makes that version say the next count.
std::string Epoch::TextOf(int64_t version) const {
  json data = {
      {"stamp", {{"by", "claviger"}, {"cluster", cluster_}, {"format", 1}}}};
  const int64_t before = count_ + 1 - version;
  if (before != 0) data[kBefore] = before;
  return DumpJson(data);
}

Result<Epoch::Finding> Epoch::Check() {
  const Result<Entry> entry = store_.ReadEntry(path_);
  if (!entry && entry.error().code != ErrorCode::kNotFound) {
    return Fail(entry.error());
  }
  const int64_t version = entry ? entry->version : 0;
  const int64_t count = entry ? CountIn(*entry) : 0;
  const bool same = !version_ || *version_ == version;
  version_ = version;
  if (count < count_) return Finding::kOlder;
  count_ = count;
  return same ? Finding::kSame : Finding::kOther;
}

Status Epoch::Advance() {
  const int64_t before = version_.value_or(0);
  Result<int64_t> version =
      store_.WriteEntry(path_, TextOf(before + 1), before);
  if (!version && version.error().code == ErrorCode::kConflict &&
      version_ == 0) {
    // Deleted by hand, but its versions are still there.
    Status removed = store_.RemoveEntry(path_);
    if (!removed) return removed;
    version = store_.WriteEntry(path_, TextOf(1), 0);
  }
  if (!version) return Fail(version.error());
  version_ = *version;
  ++count_;
  return {};
}

}  // namespace claviger::op
