// SPDX-License-Identifier: Apache-2.0
//
// From a question to a credential in hand: decide, look in the cache, fetch
// where there is nothing, and decide again with what is then true, so that a
// Grant taken away in between is taken away here too. A fetch that fails never
// moves to another slot, unless the connection says onSecretFailure: Next; what
// was stale for too long (maxStale) never does.
// Thread-safe; never blocks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "access/decision.h"
#include "base/clock.h"
#include "sidecar/api/problem.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/personal/slots.h"
#include "sidecar/session/view.h"

namespace claviger::sidecar {

/// What the question came to.
struct Resolved {
  ViewPtr view;
  const access::Binding* binding = nullptr;  // in `view`
  std::string slot;
  model::VaultRef vault;
  std::optional<Time> valid_until;  // of the decision
  std::shared_ptr<const Credential> credential;
  std::optional<Time> expires_at;  // of the credential
  bool stale = false;
  std::chrono::milliseconds unconfirmed{0};  // for how long it was stale
  bool degraded = false;
};
using Resolution = std::variant<Resolved, Problem>;

class CredentialResolver {
 public:
  /// The pod's present view, or why there is none.
  using ViewSource = std::function<std::variant<ViewPtr, Problem>()>;
  /// Since when Vault could not be asked what the pod may use; none: it was.
  using UnheardSince = std::function<std::optional<SteadyTime>()>;
  using Done = std::function<void(Resolution)>;

  /// All references outlive the object.
  CredentialResolver(ViewSource views, UnheardSince unheard_since,
                     const Clock& clock, CredentialCache& cache,
                     const PersonalSlots& personal)
      : views_(std::move(views)),
        unheard_since_(std::move(unheard_since)),
        clock_(clock),
        cache_(cache),
        personal_(personal) {}

  /// Calls `done` once: on the calling thread where everything is at hand, else
  /// on the worker's.
  void Resolve(const model::ObjectRef& connection,
               const std::optional<std::string>& hint,
               access::Delivery delivery, Done done);

  /// Of the bindings that are decided by; 0: there are none yet.
  int64_t generation() const;

 private:
  struct Ask {
    model::ObjectRef connection;
    std::optional<std::string> hint;
    access::Delivery delivery = access::Delivery::kDisclose;
    Done done;
    int fetches = 0;
  };
  /// A slot whose credential has to be fetched first.
  struct Needs {
    model::VaultRef vault;
  };
  using Step = std::variant<Resolved, Problem, Needs>;

  void Continue(std::shared_ptr<Ask> ask);
  Step Attempt(const Ask& ask) const;
  // `vault` is where the decision's slot is.
  Step TrySlot(const ViewPtr& view, const access::Binding& binding,
               const access::Decision& decision,
               const model::VaultRef& vault) const;
  // `unconfirmed`: of what the choice rests on beside the credential.
  Step NotTooStale(Step step, std::chrono::milliseconds unconfirmed) const;

  const ViewSource views_;
  const UnheardSince unheard_since_;
  const Clock& clock_;
  CredentialCache& cache_;
  const PersonalSlots& personal_;
};

}  // namespace claviger::sidecar
