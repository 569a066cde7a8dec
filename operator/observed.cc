// SPDX-License-Identifier: Apache-2.0
#include "operator/observed.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::op {
namespace {

// Absence is an answer here, not a failure.
template <typename T>
Result<std::optional<T>> Found(Result<T> read) {
  if (read) return std::optional<T>(*std::move(read));
  if (read.error().code == ErrorCode::kNotFound) return std::optional<T>();
  return Fail(std::move(read).error());
}

// Vault gives keys back in its own order and with its own escapes.
std::string Canonical(const std::string& data) {
  const Result<nlohmann::json> parsed = ParseJson(data);
  return parsed ? DumpJson(*parsed) : data;
}

Result<ObservedEntry> ReadPart(Store& store, const std::string& path) {
  Result<std::optional<Entry>> entry = Found(store.ReadEntry(path));
  if (!entry) return Fail(std::move(entry).error());
  if (!*entry) return ObservedEntry{};
  return ObservedEntry{Canonical((*entry)->data), (*entry)->version};
}

}  // namespace

Result<Observed> ObserveOwner(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names) {
  Result<ObservedEntry> entry = ReadPart(store, names.entry);
  if (!entry) return Fail(std::move(entry).error());
  Observed observed;
  observed.entry = *std::move(entry);
  if (observed.entry.version == 0) return observed;
  const Result<access::BindingsEntry> decoded =
      access::DecodeEntry(observed.entry.data);
  if (!decoded) {
    observed.owner = Observed::Owner::kUnstamped;
    return observed;
  }
  if (decoded->stamp != stamp) {
    observed.owner = Observed::Owner::kForeign;
    return observed;
  }
  observed.owner = Observed::Owner::kUs;
  observed.ledger = decoded->ledger;
  return observed;
}

Result<Observed> ObserveParts(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names) {
  Result<Observed> observed = ObserveOwner(store, stamp, names);
  if (!observed) return observed;
  for (int part = 1; part < observed->ledger.parts; ++part) {
    Result<ObservedEntry> entry = ReadPart(store, names.Part(part));
    if (!entry) return Fail(std::move(entry).error());
    observed->more_parts.push_back(*std::move(entry));
  }
  return observed;
}

Result<Observed> Observe(Store& store, const access::EntryStamp& stamp,
                         const VaultNames& names,
                         const std::string& auth_mount) {
  Result<Observed> observed = ObserveParts(store, stamp, names);
  if (!observed) return observed;
  auto policy = Found(store.ReadPolicy(names.rights));
  if (!policy) return Fail(std::move(policy).error());
  observed->policy = *std::move(policy);
  if (auth_mount.empty()) return observed;
  auto role = Found(store.ReadRole({auth_mount, names.rights}));
  if (!role) return Fail(std::move(role).error());
  observed->role = *std::move(role);
  return observed;
}

Result<std::vector<std::string>> PartsOf(const Observed& observed) {
  std::vector<std::string> parts;
  Result<access::BindingsEntry> first =
      access::DecodeEntry(observed.entry.data);
  if (!first) return Fail(std::move(first).error());
  parts.push_back(std::move(first->part));
  for (const ObservedEntry& entry : observed.more_parts) {
    Result<access::BindingsEntry> next = access::DecodeEntry(entry.data);
    if (!next) return Fail(std::move(next).error());
    parts.push_back(std::move(next->part));
  }
  if (access::DocumentDigest(parts) != observed.ledger.document) {
    return Fail(ErrorCode::kMalformed,
                "read bindings: the parts do not belong together");
  }
  return parts;
}

}  // namespace claviger::op
