// SPDX-License-Identifier: Apache-2.0
//
// Grant: allows or denies subjects the use of a Connection in its own
// namespace, and may bring a credential slot. A plain value; see object.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/object.h"
#include "model/vault_ref.h"

namespace claviger::model {

enum class Effect { kAllow, kDeny };

enum class Privilege : uint8_t {
  kView = 1,
  kUse = 2,
  kReadSecret = 4,
  kShare = 8,
  kManage = 16,
};
/// "view", "use", "readSecret", "share", "manage".
std::string_view ToString(Privilege privilege);
std::optional<Privilege> ParsePrivilege(std::string_view text);

/// A set of privileges; a value of one byte.
class PrivilegeSet {
 public:
  constexpr PrivilegeSet() = default;
  constexpr PrivilegeSet(std::initializer_list<Privilege> privileges) {
    for (const Privilege privilege : privileges) Add(privilege);
  }
  constexpr void Add(Privilege privilege) {
    bits_ = static_cast<uint8_t>(bits_ | static_cast<uint8_t>(privilege));
  }
  constexpr void Add(PrivilegeSet other) {
    bits_ = static_cast<uint8_t>(bits_ | other.bits_);
  }
  constexpr bool Has(Privilege privilege) const {
    return (bits_ & static_cast<uint8_t>(privilege)) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr auto operator<=>(const PrivilegeSet&) const = default;

 private:
  uint8_t bits_ = 0;
};

/// When a Grant counts: not_before <= now < expires_at. Absent: no bound.
struct Window {
  std::optional<Time> not_before;
  std::optional<Time> expires_at;
  bool Contains(Time now) const {
    return (!not_before || *not_before <= now) &&
           (!expires_at || now < *expires_at);
  }
  auto operator<=>(const Window&) const = default;
};

/// The credential a Grant brings for its subjects.
struct GrantSlot {
  VaultRef vault;
  int priority = 0;
  bool server_side_only = false;
};

/// What its author saw when saving it, as the webhook wrote it down: consent is
/// to that, not to whatever takes its place later.
struct Stamp {
  std::string connection_uid;
  /// Empty unless it gives a Group a credential.
  std::string endpoint_fingerprint;
  bool operator==(const Stamp&) const = default;
};
inline constexpr std::string_view kConnectionUidAnnotation =
    "claviger.io/connection-uid";
inline constexpr std::string_view kEndpointFingerprintAnnotation =
    "claviger.io/endpoint-fingerprint";

struct Grant {
  Metadata metadata;
  std::string connection;  // in the same namespace
  std::vector<Subject> subjects;
  Effect effect = Effect::kAllow;
  PrivilegeSet privileges;  // as written; implied ones are lib/access' matter
  std::optional<GrantSlot> credential;
  Window window;
  bool suspended = false;
  std::string reason;
  /// Set when validation refused it: an Allow gives nothing, a Deny makes its
  /// Connection NotReady.
  std::optional<Refusal> refused;
  /// Of objects from the API server only; absent: never stamped.
  std::optional<Stamp> stamp;
  /// Set on an Allow that is valid but gives nothing until it is saved again:
  /// ConnectionReplaced, EndpointChanged, NotStamped, Restored.
  std::optional<Refusal> inert;

  ObjectRef connection_ref() const { return {metadata.ns, connection}; }
};

}  // namespace claviger::model
