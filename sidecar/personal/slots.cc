// SPDX-License-Identifier: Apache-2.0
#include "sidecar/personal/slots.h"

#include <string>
#include <utility>

#include "access/principal.h"
#include "sidecar/personal/record.h"

namespace claviger::sidecar {

std::optional<model::VaultRef> PersonalSlots::RefOf(
    const View& view, const access::Binding& binding, Time now) const {
  if (view.account_uid.empty() ||
      !access::ReachesPersonal(binding, view.carrier, now)) {
    return std::nullopt;
  }
  std::optional<std::string> path = access::PersonalPathOf(
      names_.cluster,
      access::Principal::ServiceAccount(view.carrier.ns, view.carrier.name),
      view.account_uid, binding.facts->uid);
  if (!path) return std::nullopt;
  model::VaultRef ref;
  ref.engine = model::Engine::kKv2;
  ref.mount = names_.mount;
  ref.path = std::move(*path);
  return ref;
}

PersonalState PersonalSlots::Look(const View& view,
                                  const access::Binding& binding,
                                  Time now) const {
  PersonalState state;
  state.ref = RefOf(view, binding, now);
  if (!state.ref) return state;
  const Known known = cache_.Find(*state.ref);
  if (known.credential != nullptr) {
    const bool stored = !known.credential->fields.empty();
    state.enrolled =
        stored && IsForConnection(*known.credential, *binding.facts);
    state.endpoint_changed = stored && !state.enrolled;
    state.unconfirmed = known.unconfirmed;
  } else if (!known.error) {
    state.unknown = true;
  } else {
    state.error = known.error;
  }
  return state;
}

bool PersonalSlots::IsSlot(const model::VaultRef& ref) const {
  return ref.engine == model::Engine::kKv2 && ref.mount == names_.mount &&
         ref.path.starts_with(access::PersonalRoot(names_.cluster) + "/");
}

}  // namespace claviger::sidecar
