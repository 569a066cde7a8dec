// SPDX-License-Identifier: Apache-2.0
//
// Where a caller keeps its own credentials, and what is known of them: a slot
// counts as soon as a record is in it that was stored for what the connection
// is now. Reads go through the credential cache, so that what another pod of
// the account stores is noticed like any change in Vault, and that nothing is
// stored is known like any credential: compared now and then, and what holds
// while Vault is away. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "access/binding.h"
#include "access/decision.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/vault_ref.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/session/view.h"
#include "sidecar/settings.h"
#include "vault/kv.h"

namespace claviger::sidecar {

inline constexpr std::string_view kPersonalSlot = "personal";

/// What is asked of Vault beside reads of the cache; on the worker thread.
struct PersonalStore {
  std::function<Result<vault::KvSecret>(const model::VaultRef&)> read;
  /// vault::CurrentVersionKv2
  std::function<Result<int64_t>(const model::VaultRef&)> version;
  /// vault::WriteKv2
  std::function<Result<int64_t>(const model::VaultRef&, const Secret& record,
                                int64_t cas)>
      write;
  /// vault::RemoveKv2
  std::function<Status(const model::VaultRef&)> remove;
  /// To be told where the cache could not notice by itself that another one is
  /// stored now, for it had not known the one before.
  std::function<void(const model::VaultRef&)> changed;
};

/// What is known of one caller's own credential for one connection.
struct PersonalState {
  /// Where it is; absent: the caller has no such slot.
  std::optional<model::VaultRef> ref;
  bool enrolled = false;
  bool endpoint_changed = false;  // stored, but for something else
  bool unknown = false;           // to be read first
  /// For how long what is said here could not be compared with Vault's.
  std::chrono::milliseconds unconfirmed{0};
  /// Why it cannot be known now.
  std::optional<Error> error;

  bool unsettled() const { return unknown || error.has_value(); }
  void Tell(access::Question& question) const {
    question.enrolled = enrolled;
    question.endpoint_changed = endpoint_changed;
  }
};

class PersonalSlots {
 public:
  /// Both outlive the object.
  PersonalSlots(const VaultNames& names, CredentialCache& cache)
      : names_(names), cache_(cache) {}

  /// The slot that Vault opens to the caller of `view` for this connection.
  std::optional<model::VaultRef> RefOf(const View& view,
                                       const access::Binding& binding,
                                       Time now) const;

  PersonalState Look(const View& view, const access::Binding& binding,
                     Time now) const;

  /// Whether `ref` is where some caller's own credential would be: what is not
  /// found there is nothing that anybody misses.
  bool IsSlot(const model::VaultRef& ref) const;

 private:
  const VaultNames& names_;
  CredentialCache& cache_;
};

}  // namespace claviger::sidecar
