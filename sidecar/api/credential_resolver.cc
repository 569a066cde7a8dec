// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/credential_resolver.h"

#include <algorithm>
#include <utility>

#include "access/bindings_document.h"
#include "sidecar/credentials/render.h"

namespace claviger::sidecar {
namespace {

// Each slot that has to be fetched is one round; a Grant has one slot.
constexpr int kMaxFetches = 16;

bool MayFallThrough(const access::Binding& binding,
                    const std::optional<std::string>& hint) {
  const access::ConnectionFacts& facts = *binding.facts;
  return !hint && facts.mode != model::CredentialMode::kPerUser &&
         facts.on_secret_failure == model::OnSecretFailure::kNext;
}

// The binding without the slots that read `vault`.
access::Binding Without(const access::Binding& binding,
                        const model::VaultRef& vault) {
  const std::string key = CredentialKey(vault);
  access::Binding rest = binding;
  for (access::GrantEntry& grant : rest.grants) {
    if (grant.slot && CredentialKey(grant.slot->vault) == key) {
      grant.slot.reset();
    }
  }
  if (binding.facts->default_slot &&
      CredentialKey(binding.facts->default_slot->vault) == key) {
    auto facts = std::make_shared<access::ConnectionFacts>(*binding.facts);
    facts->default_slot.reset();
    rest.facts = std::move(facts);
  }
  return rest;
}

std::string Naming(const std::string& slot) {
  return "the credential of slot " + slot;
}

}  // namespace

void CredentialResolver::Resolve(const model::ObjectRef& connection,
                                 const std::optional<std::string>& hint,
                                 access::Delivery delivery, Done done) {
  auto ask = std::make_shared<Ask>();
  ask->connection = connection;
  ask->hint = hint;
  ask->delivery = delivery;
  ask->done = std::move(done);
  Continue(std::move(ask));
}

int64_t CredentialResolver::generation() const {
  const std::variant<ViewPtr, Problem> view = views_();
  const auto* known = std::get_if<ViewPtr>(&view);
  return known == nullptr ? 0 : (*known)->generation;
}

void CredentialResolver::Continue(std::shared_ptr<Ask> ask) {
  Step step = Attempt(*ask);
  if (auto* resolved = std::get_if<Resolved>(&step)) {
    return ask->done(std::move(*resolved));
  }
  if (auto* problem = std::get_if<Problem>(&step)) {
    return ask->done(std::move(*problem));
  }
  const model::VaultRef vault = std::get<Needs>(step).vault;
  const bool asked =
      ask->fetches++ < kMaxFetches &&
      cache_.Fetch(vault, [this, ask](FetchOutcome) { Continue(ask); });
  if (!asked) {
    ask->done(Problem{"BackendUnavailable",
                      "too much is waiting for vault already",
                      "try again in a moment",
                      {},
                      1});
  }
}

CredentialResolver::Step CredentialResolver::Attempt(const Ask& ask) const {
  std::variant<ViewPtr, Problem> source = views_();
  if (auto* problem = std::get_if<Problem>(&source)) {
    return std::move(*problem);
  }
  const ViewPtr& view = std::get<ViewPtr>(source);
  access::Question question;
  question.delivery = ask.delivery;
  question.slot = ask.hint;
  question.carrier = view->carrier;
  const Time now = clock_.Now();

  const access::Binding* binding =
      access::FindBinding(view->bindings, ask.connection);
  const bool may_be_own = !ask.hint || *ask.hint == kPersonalSlot;
  PersonalState own;
  if (binding != nullptr && may_be_own) {
    own = personal_.Look(*view, *binding, now);
    // What it is must be known before anything else may be taken in its place.
    if (own.unknown) return Needs{*own.ref};
    if (own.error)
      return FromFetchError(*own.error, Naming(std::string(kPersonalSlot)));
    own.Tell(question);
  }
  access::Decision decision = access::Decide(binding, question, now);
  if (!decision.allowed()) {
    const bool for_want_of_own =
        decision.reason == access::Reason::kEnrollmentRequired ||
        ask.hint == kPersonalSlot;
    return for_want_of_own && view->account_differs ? AnotherAccount()
                                                    : FromDecision(decision);
  }
  // That nothing is stored of the caller's own is as old as what is served.
  const auto bounded = [&](Step step) {
    return NotTooStale(std::move(step), own.unconfirmed);
  };
  if (decision.vault == nullptr) {
    return bounded(TrySlot(view, *binding, decision, *own.ref));
  }
  Step first = TrySlot(view, *binding, decision, *decision.vault);
  if (!std::holds_alternative<Problem>(first) ||
      !MayFallThrough(*binding, ask.hint)) {
    return bounded(std::move(first));
  }
  // Each round takes at least one slot away, so this ends.
  auto rest =
      std::make_unique<access::Binding>(Without(*binding, *decision.vault));
  while (true) {
    decision = access::Decide(rest.get(), question, now);
    if (!decision.allowed() || decision.vault == nullptr) return first;
    Step next = TrySlot(view, *rest, decision, *decision.vault);
    if (auto* resolved = std::get_if<Resolved>(&next)) {
      resolved->binding = binding;
      resolved->degraded = true;
    }
    if (!std::holds_alternative<Problem>(next)) {
      return bounded(std::move(next));
    }
    rest = std::make_unique<access::Binding>(Without(*rest, *decision.vault));
  }
}

CredentialResolver::Step CredentialResolver::TrySlot(
    const ViewPtr& view, const access::Binding& binding,
    const access::Decision& decision, const model::VaultRef& vault) const {
  const Known known = cache_.Find(vault);
  if (known.credential == nullptr) {
    if (!known.error) return Needs{vault};
    return FromFetchError(*known.error, Naming(decision.slot));
  }
  const Status complete =
      CheckFields(*known.credential, vault, binding.facts->credential_type);
  if (!complete) {
    return Problem{"SecretMissing",
                   Naming(decision.slot) +
                       " is incomplete in vault: " + complete.error().message,
                   "add the field, or name the right one in keys"};
  }
  Resolved resolved;
  resolved.view = view;
  resolved.binding = &binding;
  resolved.slot = decision.slot;
  resolved.vault = vault;
  resolved.valid_until = decision.valid_until;
  resolved.credential = known.credential;
  resolved.expires_at = known.expires_at;
  resolved.stale = known.stale;
  resolved.unconfirmed = known.unconfirmed;
  return resolved;
}

CredentialResolver::Step CredentialResolver::NotTooStale(
    Step step, std::chrono::milliseconds unconfirmed) const {
  const auto* resolved = std::get_if<Resolved>(&step);
  if (resolved == nullptr) return step;
  const auto& bound = resolved->binding->facts->max_stale;
  if (!bound) return step;
  unconfirmed = std::max(unconfirmed, resolved->unconfirmed);
  if (const auto since = unheard_since_()) {
    unconfirmed = std::max(unconfirmed, clock_.SteadyNow() - *since);
  }
  if (unconfirmed <= *bound) return step;
  return Problem{"BackendUnavailable",
                 Naming(resolved->slot) +
                     " could not be confirmed at vault for longer than the "
                     "connection's maxStale",
                 "try again; the sidecar's log and its /readyz say more",
                 {},
                 1};
}

}  // namespace claviger::sidecar
