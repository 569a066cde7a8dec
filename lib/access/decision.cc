// SPDX-License-Identifier: Apache-2.0
#include "access/decision.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "access/decision_text.h"

namespace claviger::access {
namespace {

using model::CredentialMode;
using model::Effect;
using model::Privilege;
using model::PrivilegeSet;

// Nearness as one number: smaller is nearer. Depths lie in between.
constexpr int kEveryoneRank = std::numeric_limits<int>::max() - 1;
constexpr int kDefaultRank = std::numeric_limits<int>::max();

struct Rights {
  PrivilegeSet allowed;
  PrivilegeSet denied;
  bool Holds(Privilege privilege) const {
    return allowed.Has(privilege) && !denied.Has(privilege);
  }
};

// Any privilege brings view, manage brings share.
PrivilegeSet WithImplied(PrivilegeSet privileges) {
  if (!privileges.empty()) privileges.Add(Privilege::kView);
  if (privileges.Has(Privilege::kManage)) privileges.Add(Privilege::kShare);
  return privileges;
}

Rights RightsOf(const Binding& binding, Time now) {
  Rights rights;
  for (const GrantEntry& grant : binding.grants) {
    if (!grant.window.Contains(now)) continue;
    if (grant.effect == Effect::kDeny) {
      rights.denied.Add(grant.privileges);
    } else {
      rights.allowed.Add(WithImplied(grant.privileges));
    }
  }
  if (binding.owner) {
    rights.allowed.Add(PrivilegeSet{Privilege::kView, Privilege::kUse,
                                    Privilege::kShare, Privilege::kManage});
  }
  if (binding.shared) {
    rights.allowed.Add(PrivilegeSet{Privilege::kView, Privilege::kUse});
  }
  return rights;
}

bool GateAdmits(const ConnectionFacts& facts,
                const std::optional<model::ObjectRef>& carrier) {
  if (carrier) return GateAdmits(facts, *carrier);
  return !facts.workloads;
}

// A slot that SELECT may choose: a Grant's, or the default.
struct Candidate {
  const GrantEntry* grant = nullptr;  // null: the default slot
  const Slot* slot = nullptr;
  int rank = 0;
};

int RankOf(const GrantEntry& grant) {
  return grant.depth.value_or(kEveryoneRank);
}

bool ModeTakes(CredentialMode mode, int rank) {
  switch (mode) {
    case CredentialMode::kGlobal:
      return rank == kDefaultRank;
    case CredentialMode::kPerUser:
      return rank == 0;
    case CredentialMode::kLayered:
      return true;
  }
  return false;
}

// Calls `take` for each slot that is eligible at some step, by name.
template <typename Take>
void EachCandidate(const Binding& binding, Time now, Take take) {
  const ConnectionFacts& facts = *binding.facts;
  for (const GrantEntry& grant : binding.grants) {
    if (!grant.slot || grant.effect != Effect::kAllow) continue;
    if (!grant.window.Contains(now)) continue;
    const int rank = RankOf(grant);
    if (!ModeTakes(facts.mode, rank)) continue;
    take(Candidate{&grant, &*grant.slot, rank});
  }
  if (facts.default_slot && ModeTakes(facts.mode, kDefaultRank)) {
    take(Candidate{nullptr, &*facts.default_slot, kDefaultRank});
  }
}

std::string NameOf(const Candidate& candidate) {
  return candidate.grant == nullptr ? "default"
                                    : "grant/" + candidate.grant->name;
}

bool Outranks(const Candidate& a, const Candidate& b) {
  return a.slot->priority > b.slot->priority;
}

// Puts `candidate` among the nearest ones: drops what is farther, and lets one
// stand for all that name the same Vault reference. Candidates come by name,
// so of equals the first by name stays.
void Keep(std::vector<Candidate>& nearest, const Candidate& candidate) {
  if (!nearest.empty() && nearest.front().rank < candidate.rank) return;
  if (!nearest.empty() && nearest.front().rank > candidate.rank) {
    nearest.clear();
  }
  for (Candidate& held : nearest) {
    if (held.slot->vault != candidate.slot->vault) continue;
    if (Outranks(candidate, held)) held = candidate;
    return;
  }
  nearest.push_back(candidate);
}

// One decision under way: the Binding, the question, and where steps go.
class Decider {
 public:
  Decider(const Binding& binding, const Question& question, Time now,
          std::vector<Step>* steps)
      : binding_(binding),
        facts_(*binding.facts),
        question_(question),
        now_(now),
        steps_(steps) {}

  Decision Run() {
    if (!GateAdmits(facts_, question_.carrier)) {
      Note("workloads", [] {
        return std::string(
            "WorkloadNotAllowed: spec.workloads does not name "
            "the carrier");
      });
      return Refuse(Reason::kNotVisible);
    }
    rights_ = RightsOf(binding_, now_);
    if (const auto refused = CheckUse()) return Refuse(*refused);
    if (const auto refused = CheckSound()) return Refuse(*refused);
    if (const auto refused = Select()) return Refuse(*refused);
    if (const auto refused = CheckDisclose()) return Refuse(*refused);
    decision_.reason = Reason::kAllowed;
    decision_.valid_until = NextChange();
    return std::move(decision_);
  }

 private:
  using Refused = std::optional<Reason>;

  template <typename MakeText>
  void Note(std::string_view step, MakeText text) {
    if (steps_ != nullptr) steps_->push_back({std::string(step), text()});
  }

  Decision Refuse(Reason reason) {
    Decision refused;
    refused.reason = reason;
    refused.slots = std::move(decision_.slots);
    DescribeRefusal(binding_, question_, refused);
    return refused;
  }

  Refused CheckUse() {
    if (rights_.Holds(Privilege::kUse)) {
      Note("use", [&] { return "allowed by " + UseSource(binding_, now_); });
      return std::nullopt;
    }
    if (rights_.allowed.Has(Privilege::kUse)) {
      Note("use", [&] {
        return "denied by " + DenySource(binding_, Privilege::kUse, now_);
      });
      return Reason::kDenied;
    }
    const bool visible = rights_.allowed.Has(Privilege::kView);
    Note("use", [&] {
      return std::string(visible ? "not allowed; may only view it"
                                 : "not allowed by sharing or any Grant");
    });
    return visible ? Reason::kForbidden : Reason::kNotVisible;
  }

  Refused CheckSound() {
    if (facts_.refused) {
      Note("sound", [&] {
        return facts_.refused->reason + ": " + facts_.refused->detail;
      });
      return Reason::kNotReady;
    }
    if (question_.delivery == Delivery::kInject && !facts_.injectable) {
      Note("sound",
           [&] { return "provider " + facts_.provider + " has no injector"; });
      return Reason::kInjectionUnsupported;
    }
    return std::nullopt;
  }

  bool PersonalExists() const {
    return question_.enrolled && facts_.personal_allowed;
  }

  Refused Select() {
    if (question_.slot) return SelectHinted();
    if (PersonalExists()) return ChoosePersonal("the caller's own credential");
    EachCandidate(binding_, now_, [&](const Candidate& candidate) {
      Keep(nearest_, candidate);
    });
    if (nearest_.empty()) return NothingFound();
    int highest = nearest_.front().slot->priority;
    for (const Candidate& held : nearest_) {
      highest = std::max(highest, held.slot->priority);
    }
    const size_t found = nearest_.size();
    nearest_.erase(std::remove_if(nearest_.begin(), nearest_.end(),
                                  [&](const Candidate& held) {
                                    return held.slot->priority != highest;
                                  }),
                   nearest_.end());
    if (nearest_.size() > 1) return Ambiguous();
    return Choose(nearest_.front(),
                  found > 1 ? "highest priority among the nearest" : "nearest");
  }

  Refused SelectHinted() {
    const std::string& hint = *question_.slot;
    if (hint == "personal" && PersonalExists()) {
      return ChoosePersonal("asked for by name");
    }
    std::optional<Candidate> chosen;
    EachCandidate(binding_, now_, [&](const Candidate& candidate) {
      if (NameOf(candidate) == hint) chosen = candidate;
    });
    if (chosen) return Choose(*chosen, "asked for by name");
    Note("select", [&] { return hint + " is not eligible for this caller"; });
    return Reason::kNotEligible;
  }

  Refused ChoosePersonal(std::string_view why) {
    decision_.slot = "personal";
    decision_.depth = 0;
    slot_server_side_only_ = false;
    Note("select", [&] { return "personal: " + std::string(why); });
    return std::nullopt;
  }

  Refused Choose(const Candidate& candidate, std::string_view why) {
    decision_.slot = NameOf(candidate);
    if (candidate.grant != nullptr) decision_.depth = candidate.grant->depth;
    decision_.vault = &candidate.slot->vault;
    slot_server_side_only_ = candidate.slot->server_side_only;
    Note("select", [&] {
      std::string text = decision_.slot + ": " + std::string(why);
      if (candidate.rank == kDefaultRank) return text + " (the default)";
      if (candidate.rank == kEveryoneRank) return text + " (Everyone)";
      return text + " (depth " + std::to_string(candidate.rank) + ")";
    });
    return std::nullopt;
  }

  Refused Ambiguous() {
    for (const Candidate& held : nearest_) {
      decision_.slots.push_back(NameOf(held));
    }
    std::sort(decision_.slots.begin(), decision_.slots.end());
    Note("select", [&] {
      return "ambiguous: " + Join(decision_.slots) +
             " are equally near and of equal priority";
    });
    return Reason::kAmbiguousCredential;
  }

  Refused NothingFound() {
    const bool enroll =
        facts_.mode == CredentialMode::kPerUser && facts_.personal_allowed;
    Note("select", [&] {
      if (question_.endpoint_changed && facts_.personal_allowed) {
        return std::string(
            "EndpointChanged: the personal credential was stored for what the "
            "connection was before");
      }
      return std::string(enroll ? "no personal credential is stored"
                                : "no slot is eligible for this caller");
    });
    return enroll ? Reason::kEnrollmentRequired : Reason::kNoCredential;
  }

  Refused CheckDisclose() {
    if (question_.delivery == Delivery::kInject) return std::nullopt;
    if (facts_.server_side_only || slot_server_side_only_) {
      Note("disclose", [&] {
        return std::string(facts_.server_side_only
                               ? "the connection is server-side only"
                               : "the slot, or another that names the same "
                                 "Vault path, is server-side only");
      });
      return Reason::kServerSideOnly;
    }
    if (rights_.denied.Has(Privilege::kReadSecret)) {
      Note("disclose", [&] {
        return "readSecret denied by " +
               DenySource(binding_, Privilege::kReadSecret, now_);
      });
      return Reason::kDisclosureNotAllowed;
    }
    const bool granted = rights_.allowed.Has(Privilege::kReadSecret);
    if (facts_.secret_readers == model::SecretReaders::kGranted && !granted) {
      Note("disclose", [] {
        return std::string(
            "secretReaders is Granted, and no Grant gives "
            "readSecret");
      });
      return Reason::kDisclosureNotAllowed;
    }
    Note("disclose", [&] {
      return std::string(granted ? "readSecret granted"
                                 : "open to all users of the connection");
    });
    return std::nullopt;
  }

  std::optional<Time> NextChange() const {
    std::optional<Time> next;
    const auto consider = [&](const std::optional<Time>& edge) {
      if (edge && *edge > now_ && (!next || *edge < *next)) next = edge;
    };
    for (const GrantEntry& grant : binding_.grants) {
      consider(grant.window.not_before);
      consider(grant.window.expires_at);
    }
    return next;
  }

  const Binding& binding_;
  const ConnectionFacts& facts_;
  const Question& question_;
  const Time now_;
  std::vector<Step>* const steps_;
  Rights rights_;
  Decision decision_;
  std::vector<Candidate> nearest_;
  bool slot_server_side_only_ = false;
};

}  // namespace

Decision Decide(const Binding* binding, const Question& question, Time now,
                std::vector<Step>* steps) {
  if (binding != nullptr) return Decider(*binding, question, now, steps).Run();
  if (steps != nullptr) {
    steps->push_back({"lookup", "no such connection for this caller"});
  }
  Decision unknown;
  DescribeNotVisible(unknown);
  return unknown;
}

std::vector<const model::VaultRef*> ReachableSlots(
    const Binding& binding, const std::optional<model::ObjectRef>& carrier,
    Time now) {
  const ConnectionFacts& facts = *binding.facts;
  if (facts.refused || !GateAdmits(facts, carrier)) return {};
  const Rights rights = RightsOf(binding, now);
  if (!rights.Holds(Privilege::kUse)) return {};
  const bool may_read = !facts.server_side_only &&
                        !rights.denied.Has(Privilege::kReadSecret) &&
                        (facts.secret_readers == model::SecretReaders::kUsers ||
                         rights.allowed.Has(Privilege::kReadSecret));
  std::vector<const model::VaultRef*> reachable;
  EachCandidate(binding, now, [&](const Candidate& candidate) {
    // A hint picks any of them; what is left is whether a delivery exists.
    if (facts.injectable || (may_read && !candidate.slot->server_side_only)) {
      reachable.push_back(&candidate.slot->vault);
    }
  });
  return reachable;
}

bool ReachesPersonal(const Binding& binding,
                     const std::optional<model::ObjectRef>& carrier, Time now) {
  const ConnectionFacts& facts = *binding.facts;
  return facts.personal_allowed && !facts.refused &&
         GateAdmits(facts, carrier) &&
         RightsOf(binding, now).Holds(Privilege::kUse);
}

model::PrivilegeSet EffectivePrivileges(const Binding& binding, Time now) {
  const Rights rights = RightsOf(binding, now);
  PrivilegeSet held;
  for (const Privilege privilege :
       {Privilege::kView, Privilege::kUse, Privilege::kReadSecret,
        Privilege::kShare, Privilege::kManage}) {
    if (rights.Holds(privilege)) held.Add(privilege);
  }
  return held;
}

}  // namespace claviger::access
