// SPDX-License-Identifier: Apache-2.0
#include "operator/cluster_claim.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::op {
namespace {

using nlohmann::json;

Status Held(const std::string& path, const std::string& holder,
            std::string_view cluster, const std::string& identity) {
  if (holder == identity) return {};
  return Fail(ErrorCode::kConflict,
              "claim cluster name " + std::string(cluster) + ": " + path +
                  " says it belongs to " + holder + ", not to " + identity +
                  "; give this cluster a name of its own, or remove that "
                  "entry if the other one is gone for good");
}

}  // namespace

Status ClaimCluster(Store& store, std::string_view cluster,
                    const std::string& identity) {
  const std::string path = std::string(cluster) + "/ledger/claim";
  const std::string text = DumpJson(
      json{{"stamp", {{"by", "claviger"}, {"cluster", cluster}, {"format", 1}}},
           {"identity", identity}});
  Result<Entry> entry = store.ReadEntry(path);
  if (!entry && entry.error().code == ErrorCode::kNotFound) {
    const Result<int64_t> written = store.WriteEntry(path, text, 0);
    if (written) return {};
    if (written.error().code != ErrorCode::kConflict) {
      return Fail(written.error(), "claim cluster name");
    }
    entry = store.ReadEntry(path);  // somebody was faster: who?
  }
  if (!entry) return Fail(std::move(entry).error(), "claim cluster name");
  const Result<json> claim = ParseJson(entry->data);
  const bool readable = claim && claim->is_object();
  const json holder = readable ? claim->value("identity", json()) : json();
  return Held(path,
              holder.is_string() ? holder.get<std::string>() : "somebody else",
              cluster, identity);
}

}  // namespace claviger::op
