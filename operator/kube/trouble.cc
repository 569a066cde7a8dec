// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/trouble.h"

#include "access/principal.h"

namespace claviger::op {
namespace {

// More than this go wrong together: then it is no matter of single objects.
constexpr size_t kMaxPrincipals = 100;

std::string_view ReasonOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSealed:
      return "VaultSealed";
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kUnauthenticated:
      return "VaultDenied";
    case ErrorCode::kRateLimited:
      return "VaultBusy";
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return "VaultUnavailable";
    case ErrorCode::kTooLarge:
      return "TooLarge";
    default:
      return "WriteFailed";
  }
}

}  // namespace

Trouble TroubleOf(const Error& error) {
  return {std::string(ReasonOf(error.code)), error.message};
}

Troubles::Troubles(const access::Compiler& compiler, const Footprint* settled,
                   const PassReport& report) {
  std::map<std::string, Trouble> principals;
  for (const Failure& failure : report.failures) {
    Trouble trouble = TroubleOf(failure.error);
    trouble.message = failure.principal + ": " + trouble.message;
    principals.emplace(failure.principal, std::move(trouble));
  }
  for (const Conflict& conflict : report.conflicts) {
    principals.emplace(
        conflict.principal,
        Trouble{"Conflict", conflict.what + "; " + conflict.fix});
  }
  if (principals.size() > kMaxPrincipals) {
    everything_ = principals.begin()->second;
  } else if (!principals.empty()) {
    Add(compiler, principals);
    if (settled != nullptr) Add(*settled, principals);
  }
}

void Troubles::Add(const access::Compiler& compiler,
                   const std::map<std::string, Trouble>& principals) {
  for (const access::Principal& principal : compiler.principals()) {
    const auto found = principals.find(IdOf(principal));
    if (found == principals.end()) continue;
    for (const access::Binding& binding :
         compiler.Document(principal).bindings) {
      const model::ObjectRef& ref = binding.facts->ref;
      connections_.emplace(ref, found->second);
      for (const access::GrantEntry& grant : binding.grants) {
        grants_.emplace(model::ObjectRef{ref.ns, grant.name}, found->second);
      }
    }
  }
}

void Troubles::Add(const Footprint& settled,
                   const std::map<std::string, Trouble>& principals) {
  const Trouble* trouble = nullptr;
  settled.ForEach(
      [&](const std::string& id) {
        const auto found = principals.find(id);
        trouble = found == principals.end() ? nullptr : &found->second;
        return trouble != nullptr;
      },
      [&](const model::ObjectRef& ref, bool is_grant) {
        (is_grant ? grants_ : connections_).emplace(ref, *trouble);
      });
}

const Trouble* Troubles::OfConnection(const model::ObjectRef& ref) const {
  if (everything_) return &*everything_;
  const auto found = connections_.find(ref);
  return found == connections_.end() ? nullptr : &found->second;
}

const Trouble* Troubles::OfGrant(const model::ObjectRef& ref) const {
  if (everything_) return &*everything_;
  const auto found = grants_.find(ref);
  return found == grants_.end() ? nullptr : &found->second;
}

}  // namespace claviger::op
