// SPDX-License-Identifier: Apache-2.0
#include "access/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "access/decision_text.h"
#include "access/viewer.h"

namespace claviger::access {
namespace {

using nlohmann::ordered_json;

// "finance (1), biz (2), loop-a (Denies only)".
std::string DescribeMembership(const GroupGraph& graph,
                               const Membership& membership) {
  std::vector<Reached> allow = membership.allow;
  std::sort(allow.begin(), allow.end(),
            [&](const Reached& a, const Reached& b) {
              return std::pair(a.depth, graph.Name(a.group)) <
                     std::pair(b.depth, graph.Name(b.group));
            });
  std::vector<std::string> names;
  for (const Reached& reached : allow) {
    names.push_back(graph.Name(reached.group) + " (" +
                    std::to_string(reached.depth) + ")");
  }
  std::vector<std::string> others;
  for (const Reached& reached : membership.deny) {
    const bool permits = std::any_of(
        allow.begin(), allow.end(),
        [&](const Reached& other) { return other.group == reached.group; });
    if (!permits) others.push_back(graph.Name(reached.group));
  }
  std::sort(others.begin(), others.end());
  for (const std::string& name : others) {
    names.push_back(name + " (Denies only)");
  }
  return names.empty() ? "no groups" : Join(names);
}

// What somebody would look for in vain among the rest.
void AddInert(const Snapshot& snapshot, const Viewer& viewer, int connection,
              std::vector<Step>& steps) {
  for (const int index : InertFor(snapshot, viewer, connection)) {
    const model::Grant& grant = snapshot.grants()[static_cast<size_t>(index)];
    steps.push_back({"inert", "grant/" + grant.metadata.name + ": " +
                                  grant.inert->reason + ": " +
                                  grant.inert->detail});
  }
}

std::string SayOf(const Source& source, const SourceName& name) {
  return source.grant == Source::kConnection ? "the connection itself"
                                             : "grant/" + name.grant;
}

// What the caller does not have because the budgets of its documents, or
// everyone's, are used up.
void AddOverBudget(const Snapshot& snapshot, const std::vector<Viewer>& viewers,
                   int connection, std::vector<Step>& steps) {
  const auto add = [&](const Source& source, const std::string& text) {
    steps.push_back(
        {"budget", SayOf(source, snapshot.NameOf(source)) + ": " + text});
  };
  std::set<Source> over;
  for (const Viewer& viewer : viewers) {
    for (const Source& source : viewer.over_budget()) {
      if (source.connection == connection) over.insert(source);
    }
  }
  for (const Source& source : over) {
    add(source,
        "BudgetExceeded: the caller has " +
            std::to_string(snapshot.budgets().slots) +
            " connections and Grants, or those of " +
            std::to_string(snapshot.budgets().namespaces) +
            " namespaces, from objects that were there earlier; this one gives "
            "it nothing");
  }
  const auto& closed = snapshot.openness().closed();
  for (auto it = closed.lower_bound({connection});
       it != closed.end() && it->first.connection == connection; ++it) {
    add(it->first, it->second.reason + ": " + it->second.detail);
  }
}

Question WithOwnCarrier(const Caller& caller, Question question) {
  if (caller.kind == Caller::Kind::kServiceAccount) {
    question.carrier = model::ObjectRef{caller.ns, caller.name};
  }
  return question;
}

Explanation DecideAbout(std::unique_ptr<const Binding> binding,
                        const Caller& caller,
                        const model::ObjectRef& connection,
                        const Question& question, Time now,
                        std::vector<Step> steps) {
  Explanation explanation;
  explanation.connection = connection;
  explanation.caller = caller;
  explanation.delivery = question.delivery;
  explanation.binding = std::move(binding);
  explanation.steps = std::move(steps);
  explanation.decision =
      Decide(explanation.binding.get(), WithOwnCarrier(caller, question), now,
             &explanation.steps);
  return explanation;
}

ordered_json StepsJson(const std::vector<Step>& steps) {
  ordered_json out = ordered_json::array();
  for (const Step& step : steps) {
    out.push_back({{"step", step.step}, {"result", step.result}});
  }
  return out;
}

void AddAllowed(const Explanation& explanation, ordered_json& out) {
  const Decision& decision = explanation.decision;
  out["slot"] = decision.slot;
  out["depth"] = nullptr;
  if (decision.depth) out["depth"] = *decision.depth;
  out["credential"] = nullptr;
  if (decision.vault != nullptr) out["credential"] = ToJson(*decision.vault);
  out["delivery"] = ToString(explanation.delivery);
  out["validUntil"] = nullptr;
  if (decision.valid_until) {
    out["validUntil"] = FormatRfc3339(*decision.valid_until);
  }
}

void AddRefused(const Decision& decision, ordered_json& out) {
  if (decision.reason == Reason::kAmbiguousCredential) {
    out["slots"] = decision.slots;
  }
  out["detail"] = decision.detail;
  out["fix"] = decision.fix;
}

}  // namespace

Explanation Explain(const Snapshot& snapshot, const Caller& caller,
                    const model::ObjectRef& connection,
                    const Question& question, Time now) {
  Viewer viewer(snapshot, caller);
  std::vector<Step> steps = {
      {"membership",
       DescribeMembership(snapshot.graph(), viewer.membership())}};
  const int index = snapshot.Find(connection);
  std::unique_ptr<const Binding> binding;
  if (index >= 0) {
    AddInert(snapshot, viewer, index, steps);
    const auto viewers = DocumentsOf(snapshot, caller, std::move(viewer));
    AddOverBudget(snapshot, viewers, index, steps);
    binding = std::make_unique<Binding>(ProjectFor(snapshot, viewers, index));
  }
  return DecideAbout(std::move(binding), caller, connection, question, now,
                     std::move(steps));
}

Explanation Explain(const Binding* binding, const Caller& caller,
                    const model::ObjectRef& connection,
                    const Question& question, Time now) {
  std::unique_ptr<const Binding> copy;
  if (binding != nullptr) copy = std::make_unique<Binding>(*binding);
  return DecideAbout(std::move(copy), caller, connection, question, now, {});
}

ordered_json ToJson(const Explanation& explanation) {
  const Decision& decision = explanation.decision;
  ordered_json out;
  out["outcome"] = decision.allowed() ? "Allow" : "Deny";
  out["status"] = StatusOf(decision.reason);
  out["reason"] = ToString(decision.reason);
  out["connection"] = ToString(explanation.connection);
  out["caller"] = ToString(explanation.caller);
  if (decision.allowed()) {
    AddAllowed(explanation, out);
  } else {
    AddRefused(decision, out);
  }
  out["steps"] = StepsJson(explanation.steps);
  return out;
}

ordered_json ToJson(const model::VaultRef& ref) {
  ordered_json out;
  out["engine"] = ToString(ref.engine);
  out["mount"] = ref.mount;
  if (UsesPath(ref.engine)) {
    out["path"] = ref.path;
  } else {
    out["role"] = ref.role;
  }
  if (ref.version) out["version"] = *ref.version;
  if (!ref.keys.empty()) out["keys"] = ref.keys;
  return out;
}

}  // namespace claviger::access
