// SPDX-License-Identifier: Apache-2.0
#include "operator/epoch.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::op {

Epoch::Epoch(Store& store, const std::string& cluster)
    : store_(store),
      path_(cluster + "/ledger/epoch"),
      data_(DumpJson(nlohmann::json{
          {"stamp",
           {{"by", "claviger"}, {"cluster", cluster}, {"format", 1}}}})) {}

Result<bool> Epoch::Check() {
  const Result<Entry> entry = store_.ReadEntry(path_);
  if (!entry && entry.error().code != ErrorCode::kNotFound) {
    return Fail(entry.error());
  }
  const int64_t version = entry ? entry->version : 0;
  const bool same = !version_ || *version_ == version;
  version_ = version;
  return same;
}

Status Epoch::Advance() {
  Result<int64_t> version =
      store_.WriteEntry(path_, data_, version_.value_or(0));
  if (!version && version.error().code == ErrorCode::kConflict &&
      version_ == 0) {
    // Deleted by hand, but its versions are still there.
    Status removed = store_.RemoveEntry(path_);
    if (!removed) return removed;
    version = store_.WriteEntry(path_, data_, 0);
  }
  if (!version) return Fail(version.error());
  version_ = *version;
  return {};
}

}  // namespace claviger::op
