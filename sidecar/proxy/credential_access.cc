// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/credential_access.h"

#include <memory>
#include <utility>

#include "access/caller.h"
#include "sidecar/credentials/render.h"

namespace claviger::sidecar::proxy {
namespace {

Problem Refused(const Permit& permit) {
  return {"CredentialRefused",
          "the server does not accept the credential of slot " + permit.slot,
          "have the secret in vault brought in line with the server"};
}

}  // namespace

Permit PermitOf(Resolved resolved) {
  Permit permit;
  permit.facts = resolved.binding->facts;
  permit.slot = std::move(resolved.slot);
  permit.caller = access::ToString(resolved.view->caller);
  permit.vault = std::move(resolved.vault);
  permit.credential = std::move(resolved.credential);
  permit.expires_at = resolved.expires_at;
  permit.valid_until = resolved.valid_until;
  permit.generation = resolved.view->generation;
  permit.stale = resolved.stale;
  permit.degraded = resolved.degraded;
  return permit;
}

void CredentialAccess::Obtain(const model::ObjectRef& connection, Done done) {
  resolver_.Resolve(
      connection, std::nullopt, access::Delivery::kInject,
      [this, done = std::move(done)](Resolution resolution) {
        auto answer = std::make_shared<Answer>(
            std::holds_alternative<Problem>(resolution)
                ? Answer(std::move(std::get<Problem>(resolution)))
                : Answer(PermitOf(std::move(std::get<Resolved>(resolution)))));
        post_([done, answer] { done(std::move(*answer)); });
      });
}

void CredentialAccess::Replace(const Permit& refused, Done done) {
  Obtain(refused.facts->ref, [this, refused,
                              done = std::move(done)](Answer answer) {
    const auto* present = std::get_if<Permit>(&answer);
    if (present != nullptr && present->credential == refused.credential) {
      return Fetch(refused, done);
    }
    done(std::move(answer));
  });
}

void CredentialAccess::Fetch(const Permit& refused, Done done) {
  const std::string key = CredentialKey(refused.vault);
  const auto under_way = waiting_.find(key);
  if (under_way != waiting_.end()) {
    under_way->second.push_back(std::move(done));
    return;
  }
  if (!refetches_.May(refused.facts->ref)) return done(Refused(refused));
  waiting_[key].push_back(std::move(done));
  const bool asked =
      cache_.Replace(refused.vault, [this, refused](FetchOutcome) {
        post_([this, refused] { OnFetched(refused); });
      });
  if (!asked) OnFetched(refused);
}

void CredentialAccess::OnFetched(const Permit& refused) {
  auto found = waiting_.extract(CredentialKey(refused.vault));
  if (found.empty()) return;
  const auto waiting =
      std::make_shared<std::vector<Done>>(std::move(found.mapped()));
  Obtain(refused.facts->ref, [refused, waiting](Answer answer) {
    const auto* present = std::get_if<Permit>(&answer);
    if (present != nullptr && present->credential == refused.credential) {
      answer = Refused(refused);
    }
    for (const Done& done : *waiting) done(answer);
  });
}

Result<Fields> CredentialAccess::FieldsOf(const Permit& permit) const {
  return PickFields(*permit.credential, permit.vault,
                    permit.facts->credential_type);
}

}  // namespace claviger::sidecar::proxy
