// SPDX-License-Identifier: Apache-2.0
#include "sidecar/upkeep.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "access/bindings_document.h"
#include "access/decision.h"

namespace claviger::sidecar {
namespace {

// The wall clock may be set while we wait by the steady one.
constexpr std::chrono::milliseconds kLongestWait{60'000};

std::optional<Time> NextWindow(const View& view, Time now) {
  std::optional<Time> next;
  const auto consider = [&](const std::optional<Time>& edge) {
    if (edge && *edge > now && (!next || *edge < *next)) next = *edge;
  };
  for (const access::Binding& binding : view.bindings) {
    for (const access::GrantEntry& grant : binding.grants) {
      consider(grant.window.not_before);
      consider(grant.window.expires_at);
    }
  }
  return next;
}

}  // namespace

void Upkeep::OnView(const ViewPtr& view) {
  view_ = view;
  served_.DropBodies();
  Review();
  watch_.TellGeneration(view->generation);
}

void Upkeep::Review() {
  const Time now = clock_.Now();
  std::set<std::string> keys;
  for (const access::Binding& binding : view_->bindings) {
    for (const model::VaultRef* ref :
         access::ReachableSlots(binding, view_->carrier, now)) {
      keys.insert(CredentialKey(*ref));
    }
    if (const auto own = personal_.RefOf(*view_, binding, now)) {
      keys.insert(CredentialKey(*own));
    }
  }
  cache_.Retain(keys);
  for (const ServedSlot& slot : served_.Slots()) ReviewServed(slot);
  ArmNextWindow();
}

void Upkeep::ReviewServed(const ServedSlot& slot) {
  access::Question question;
  question.delivery = access::Delivery::kDisclose;
  question.slot = slot.hint;
  question.carrier = view_->carrier;
  const Time now = clock_.Now();
  const access::Binding* binding =
      access::FindBinding(view_->bindings, slot.connection);
  PersonalState own;
  if (binding != nullptr) own = personal_.Look(*view_, *binding, now);
  // What is to be read anew first is told of when it was.
  if (own.unknown && slot.slot == kPersonalSlot) return;
  own.Tell(question);
  const access::Decision decision = access::Decide(binding, question, now);
  const std::string connection = model::ToString(slot.connection);
  if (!decision.allowed()) {
    served_.Drop(slot);
    watch_.TellRevoked(connection, slot.slot);
    return;
  }
  std::string key =
      CredentialKey(decision.vault != nullptr ? *decision.vault : *own.ref);
  if (decision.slot == slot.slot && key == slot.credential_key) return;
  watch_.TellRotated(connection, decision.slot);
  served_.SetSlot(slot, decision.slot, std::move(key));
}

void Upkeep::ArmNextWindow() {
  worker_.Cancel(timer_);
  timer_ = 0;
  const Time now = clock_.Now();
  const std::optional<Time> next = NextWindow(*view_, now);
  if (!next) return;
  timer_ = worker_.At(clock_.SteadyNow() + std::min(kLongestWait, *next - now),
                      [this] { Review(); });
}

// Few are asked about, and only when something changed.
const access::Binding* Upkeep::OwnerOfPersonal(const std::string& key) const {
  if (view_ == nullptr) return nullptr;
  const Time now = clock_.Now();
  for (const access::Binding& binding : view_->bindings) {
    if (!binding.facts->personal_allowed) continue;
    const auto own = personal_.RefOf(*view_, binding, now);
    if (own && CredentialKey(*own) == key) return &binding;
  }
  return nullptr;
}

// Told to all who watch, whatever was handed out: those who were refused for
// want of a credential of their own wait for it.
void Upkeep::ReviewPersonal(const access::Binding& binding) {
  const Time now = clock_.Now();
  const PersonalState own = personal_.Look(*view_, binding, now);
  access::Question question;
  question.carrier = view_->carrier;
  own.Tell(question);
  access::Decision decision = access::Decide(&binding, question, now);
  if (!decision.allowed()) {
    question.delivery = access::Delivery::kDisclose;
    decision = access::Decide(&binding, question, now);
  }
  const bool allowed = decision.allowed() && !own.unsettled();
  for (const ServedSlot& slot : served_.Slots()) {
    if (slot.connection != binding.facts->ref) continue;
    const bool personal = slot.slot == kPersonalSlot;
    if (slot.hint && !personal) continue;
    const bool gone = slot.hint ? !own.enrolled : !allowed;
    if (gone) {
      served_.Drop(slot);
    } else if (!slot.hint) {
      const bool shared = decision.vault != nullptr;
      served_.SetSlot(slot, decision.slot,
                      CredentialKey(shared ? *decision.vault : *own.ref));
    }
  }
  const std::string connection = model::ToString(binding.facts->ref);
  if (allowed) {
    watch_.TellRotated(connection, decision.slot);
  } else {
    watch_.TellRevoked(connection, kPersonalSlot);
  }
}

void Upkeep::OnCredential(const std::string& key, bool gone) {
  const access::Binding* owner = OwnerOfPersonal(key);
  if (owner != nullptr) return ReviewPersonal(*owner);
  for (const ServedSlot& slot : served_.Slots()) {
    if (slot.credential_key != key) continue;
    const std::string connection = model::ToString(slot.connection);
    if (gone) {
      served_.Drop(slot);
      watch_.TellRevoked(connection, slot.slot);
    } else {
      watch_.TellRotated(connection, slot.slot);
    }
  }
}

}  // namespace claviger::sidecar
