// SPDX-License-Identifier: Apache-2.0
//
// What Connection, Grant and Group have in common: names, where they came from,
// who is meant, and whether validation refused them. Plain values; immutable
// once a Snapshot holds them, and then safe to share between threads.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace claviger::model {

class FieldLines;

/// What keeps an object until its access is gone from Vault.
inline constexpr std::string_view kFinalizer = "claviger.io/vault";

/// Where an object was read: "file:line", or no file for the Kubernetes API.
struct Location {
  std::string file;
  int line = 0;
};

/// The part of Kubernetes metadata that means something here.
struct Metadata {
  std::string ns;  // empty for the cluster-scoped Group
  std::string name;
  std::string uid;  // from files: UUIDv5 of "<Kind>/<ns>/<name>"
  int64_t generation = 0;
  std::optional<Time> created;
  /// Of objects from the API server only; what a manifest says of these is
  /// passed over.
  std::string resource_version;
  std::optional<Time> deleted_at;  // deletionTimestamp: it is about to go
  bool has_finalizer = false;      // ours: it waits for us to let it go
  Location location;
  /// Of manifests: on which line each field stands. Null otherwise.
  std::shared_ptr<const FieldLines> lines;
};
/// Where the field "spec.sharing.mode" of an object was read, or what is
/// nearest to it.
Location Locate(const Metadata& metadata, std::string_view path);

/// "<namespace>/<name>" of a Connection.
struct ObjectRef {
  std::string ns;
  std::string name;
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const ObjectRef&) const = default;
};
std::string ToString(const ObjectRef& ref);

enum class SubjectKind {
  kUser,
  kServiceAccount,
  kGroup,
  kNamespace,
  kEveryone
};
/// "User", "ServiceAccount", "Group", "Namespace", "Everyone".
std::string_view ToString(SubjectKind kind);

/// Who is meant, in an owner, a Grant or a Group.
struct Subject {
  SubjectKind kind = SubjectKind::kUser;
  std::string ns;    // ServiceAccount only
  std::string name;  // empty for Everyone
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const Subject&) const = default;
};

/// One thing wrong with a manifest. Printed as "file:line: path: what; fix".
struct Problem {
  enum class Severity {
    kWarning,      // valid, but probably not what was meant
    kInvalid,      // decoded, but refused by validation
    kUndecodable,  // the object cannot be read
    kUnreadable,   // the file (or its rest) cannot be read
  };
  Severity severity = Severity::kInvalid;
  Location location;
  std::string object;  // "Connection sales/warehouse", as far as known
  std::string path;    // "spec.credentials.type"
  std::string what;    // "unknown field"
  std::string fix;     // "did you mean provider?"
};
std::string ToString(const Problem& problem);

/// Why validation refused an object that could be decoded. `reason` is the
/// condition's CamelCase reason: InvalidSpec, PathNotAllowed, PathClaimed (all
/// of them: docs/reference/reasons.md).
struct Refusal {
  std::string reason;
  std::string detail;
  std::string fix;
};

/// The reason of what was deleted before and is there again, out of a backup.
inline constexpr std::string_view kRestored = "Restored";
inline bool IsRestored(const std::optional<Refusal>& refusal) {
  return refusal && refusal->reason == kRestored;
}

}  // namespace claviger::model
