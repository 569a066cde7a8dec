// SPDX-License-Identifier: Apache-2.0
#include "operator/observed.h"

#include <algorithm>
#include <charconv>
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

// `expected` is canonical: what equals it needs no parsing to become so.
Result<ObservedEntry> ReadPart(Store& store, const std::string& path,
                               const std::string& expected = "") {
  Result<std::optional<Entry>> entry = Found(store.ReadEntry(path));
  if (!entry) return Fail(std::move(entry).error());
  if (!*entry) return ObservedEntry{};
  std::string& data = (*entry)->data;
  return ObservedEntry{data == expected ? std::move(data) : Canonical(data),
                       (*entry)->version};
}

// The first entry's text where nothing is to be changed; empty where that is
// not known before it is read.
std::string ExpectedText(const access::EntryStamp& stamp,
                         const Desired& desired) {
  if (!desired.policy || desired.keep_role) return "";
  return EntryText(stamp, desired.ledger, desired.parts.front()).value_or("");
}

// Says whose the first entry is.
Observed Judge(const access::EntryStamp& stamp, ObservedEntry entry) {
  Observed observed;
  observed.entry = std::move(entry);
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

Result<Observed> WithFurtherParts(Store& store, const VaultNames& names,
                                  Result<Observed> observed) {
  if (!observed) return observed;
  for (int part = 1; part < observed->ledger.parts; ++part) {
    Result<ObservedEntry> entry = ReadPart(store, names.Part(part));
    if (!entry) return Fail(std::move(entry).error());
    observed->more_parts.push_back(*std::move(entry));
  }
  return observed;
}

// As ObserveParts. Mostly everything is as it should be: then one comparison
// of texts tells what decoding would.
Result<Observed> ObservePartsOf(Store& store, const access::EntryStamp& stamp,
                                const VaultNames& names,
                                const Desired& desired) {
  const std::string expected = ExpectedText(stamp, desired);
  Result<ObservedEntry> entry = ReadPart(store, names.entry, expected);
  if (!entry) return Fail(std::move(entry).error());
  if (entry->version == 0 || entry->data != expected) {
    return WithFurtherParts(store, names, Judge(stamp, *std::move(entry)));
  }
  Observed observed;
  observed.entry = *std::move(entry);
  observed.owner = Observed::Owner::kUs;
  observed.ledger = desired.ledger;
  return WithFurtherParts(store, names, std::move(observed));
}

Fingerprint FingerprintOf(const std::string& digest) {
  constexpr size_t kDigits = 16;
  const auto number = [&](size_t from) {
    uint64_t value = 0;
    const size_t end = std::min(from + kDigits, digest.size());
    if (from < end) {
      std::from_chars(digest.data() + from, digest.data() + end, value, 16);
    }
    return value;
  };
  return {number(0), number(kDigits)};
}

Status ReadPolicy(Store& store, const VaultNames& names, Observed& into) {
  auto policy = Found(store.ReadPolicy(names.rights));
  if (!policy) return Fail(std::move(policy).error());
  into.policy = *std::move(policy);
  return {};
}

Status ReadRole(Store& store, const VaultNames& names, const Desired& desired,
                Observed& into) {
  const std::string& mount = desired.ledger.auth_mount;
  if (mount.empty()) return {};
  auto role = Found(store.ReadRole({mount, names.rights}));
  if (!role) return Fail(std::move(role).error());
  into.role = *std::move(role);
  return {};
}

// Both are as wanted, if the entry is right.
bool Matches(const access::EntryLedger& ledger, const Desired& desired) {
  return desired.policy && ledger.policy == desired.ledger.policy &&
         ledger.role == desired.ledger.role &&
         ledger.auth_mount == desired.ledger.auth_mount;
}

void TakeRole(const Desired& desired, Observed& into) {
  if (desired.role) into.role = desired.role->text;
}

}  // namespace

Rights RightsOf(const Desired& desired) {
  Rights rights;
  if (desired.policy) rights.policy = FingerprintOf(desired.ledger.policy);
  if (desired.role) rights.role = FingerprintOf(desired.ledger.role);
  return rights;
}

Result<Observed> ObserveOwner(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names) {
  Result<ObservedEntry> entry = ReadPart(store, names.entry);
  if (!entry) return Fail(std::move(entry).error());
  return Judge(stamp, *std::move(entry));
}

Result<Observed> ObserveParts(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names) {
  return WithFurtherParts(store, names, ObserveOwner(store, stamp, names));
}

Result<Observed> Observe(Store& store, const access::EntryStamp& stamp,
                         const VaultNames& names, const Desired& desired,
                         const Known& known) {
  if (known.nothing) return Observed();
  Result<Observed> observed = ObservePartsOf(store, stamp, names, desired);
  if (!observed) return observed;
  const bool ours = observed->owner == Observed::Owner::kUs;
  const Rights wanted = RightsOf(desired);
  if (ours && known.rights_exist && Matches(observed->ledger, desired)) {
    observed->policy = desired.policy;
    TakeRole(desired, *observed);
    observed->put_off = true;
    return observed;
  }
  Status done;
  if (ours && known.rights.policy && wanted.policy) {
    const bool same = known.rights.policy == wanted.policy;
    observed->policy = same ? *desired.policy : std::string();
  } else {
    done = ReadPolicy(store, names, *observed);
  }
  if (done && ours && wanted.role && known.rights.role == wanted.role) {
    TakeRole(desired, *observed);
  } else if (done) {
    done = ReadRole(store, names, desired, *observed);
  }
  if (!done) return Fail(std::move(done).error());
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
