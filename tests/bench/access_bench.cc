// SPDX-License-Identifier: Apache-2.0
//
// What a decision costs the sidecar, and compiling a large organization costs
// the operator. Goals: one decision <= 2 us; 10,000 connections, 100,000
// Grants and 1,000 groups for 10,000 principals <= 1 s and <= 150 MB resident.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <utility>

#include "access/compile.h"
#include "access/decision.h"
#include "access/policy.h"
#include "support/builders.h"
#include "support/dice.h"
#include "support/memory.h"

namespace claviger::testing {
namespace {

using access::BindingsDocument;
using access::Caller;
using access::Compiler;
using access::Principal;
using access::Question;
using access::Snapshot;
using access::SnapshotSettings;
using model::CredentialMode;
using model::SharingMode;

Time Now() { return *ParseRfc3339("2026-12-01T00:00:00Z"); }

std::string Numbered(const std::string& prefix, int number) {
  return prefix + std::to_string(number);
}

// nightly is in group g1, that in g2 and so on; each connection has a Grant to
// each of nine groups, and one to nightly itself that has ended.
model::Objects HundredConnections() {
  model::Objects objects;
  for (int depth = 1; depth <= 9; ++depth) {
    AGroup group(Numbered("g", depth));
    depth == 1 ? group.With(Account("reports/nightly"))
               : group.With(InGroup(Numbered("g", depth - 1)));
    objects.groups.push_back(group);
  }
  for (int c = 0; c < 100; ++c) {
    const std::string name = Numbered("c", 1000 + c);
    objects.connections.push_back(AConnection("sales/" + name)
                                      .Shared(SharingMode::kGroups, {"g1"})
                                      .WithMode(CredentialMode::kLayered)
                                      .Disclosable());
    for (int g = 0; g < 10; ++g) {
      AGrant grant(Numbered("sales/" + name + "-g", g), name);
      grant.To(g == 0 ? Account("reports/nightly") : InGroup(Numbered("g", g)));
      grant.WithCredential(Kv2("secret", Numbered("sales/" + name + "-", g)));
      if (g == 0) grant.Until(Now());
      objects.grants.push_back(grant);
    }
  }
  return objects;
}

void DecideFromBindings(benchmark::State& state) {
  const Snapshot snapshot(HundredConnections(), SnapshotSettings());
  const Compiler compiler(snapshot, false);
  const auto document = access::DecodeBindings(EncodeBindings(
      compiler.Document(Principal::ServiceAccount("reports", "nightly"))));
  const auto bindings = access::MergeDocuments({&*document});
  Question question;
  question.delivery = state.range(0) == 0 ? access::Delivery::kInject
                                          : access::Delivery::kDisclose;
  question.carrier = model::ObjectRef{"reports", "nightly"};
  std::vector<model::ObjectRef> refs;
  for (const access::Binding& one : bindings) refs.push_back(one.facts->ref);
  size_t next = 0;
  for (auto unused : state) {
    const access::Decision decision = access::Decide(
        access::FindBinding(bindings, refs[next++ % refs.size()]), question,
        Now());
    if (!decision.allowed()) state.SkipWithError("not allowed");
  }
  state.SetLabel("goal: 2 us");
}
BENCHMARK(DecideFromBindings)
    ->ArgName("disclose")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kNanosecond);

constexpr int kNamespaces = 100;
constexpr int kConnections = 10'000;
constexpr int kGrants = 100'000;
constexpr int kGroups = 1'000;
constexpr int kAccounts = 10'000;

model::Subject AccountNumber(int number) {
  return {model::SubjectKind::kServiceAccount,
          Numbered("team-", number % kNamespaces), Numbered("app-", number)};
}

// Every account in one group of ten, half of the groups in a larger one; ten
// Grants on each connection, three of them to groups.
model::Objects Organization() {
  Dice dice(1);
  model::Objects objects;
  for (int g = 0; g < kGroups; ++g) {
    AGroup group(Numbered("group-", g));
    for (int i = 0; i < 10; ++i) group.With(AccountNumber(g * 10 + i));
    if (g >= kGroups / 2) group.With(InGroup(Numbered("group-", g - 500)));
    objects.groups.push_back(group);
  }
  for (int c = 0; c < kConnections; ++c) {
    const std::string ns = Numbered("team-", c % kNamespaces);
    const std::string name = Numbered("db-", c);
    objects.connections.push_back(
        AConnection(ns + "/" + name)
            .WithOwner(AccountNumber(dice.Below(kAccounts)))
            .Shared(SharingMode::kGroups,
                    {Numbered("group-", dice.Below(kGroups))})
            .WithMode(CredentialMode::kLayered)
            .WithDefault(Kv2("secret", ns + "/" + name)));
    for (int g = 0; g < kGrants / kConnections; ++g) {
      AGrant grant(Numbered(ns + "/" + name + "-", g), name);
      grant.To(g < 3 ? InGroup(Numbered("group-", dice.Below(kGroups)))
                     : AccountNumber(dice.Below(kAccounts)));
      if (g % 2 == 0) grant.Allowing({model::Privilege::kUse});
      if (g % 2 == 1) {
        grant.WithCredential(Kv2("secret", ns + Numbered("/" + name + "-", g)));
      }
      objects.grants.push_back(grant);
    }
  }
  return objects;
}

struct Compiled {
  size_t principals = 0;
  size_t bindings = 0;
  size_t paths = 0;
  size_t bytes = 0;
};

// As the operator does it: one principal after the other.
Compiled CompileAll(model::Objects objects, bool with_text) {
  access::VaultLayout layout;
  layout.cluster = "bench";
  const Snapshot snapshot(std::move(objects), SnapshotSettings());
  const Compiler compiler(snapshot, false);
  Compiled compiled;
  for (const Principal& principal : compiler.principals()) {
    const BindingsDocument document = compiler.Document(principal);
    const auto paths = compiler.CredentialPaths(principal, document, Now());
    ++compiled.principals;
    compiled.bindings += document.bindings.size();
    compiled.paths += paths.size();
    if (!with_text) continue;
    const auto parts = EncodeBindings(document);
    for (const std::string& part : parts) compiled.bytes += part.size();
    const auto policy = access::PolicyText(
        layout, principal, static_cast<int>(parts.size()), paths);
    if (policy) compiled.bytes += policy->size();
  }
  return compiled;
}

void CompileOrganization(benchmark::State& state) {
  Compiled compiled;
  int64_t objects_mib = 0;
  int64_t peak_mib = 0;
  for (auto unused : state) {
    state.PauseTiming();
    const PeakMemory memory;
    model::Objects objects = Organization();
    objects_mib = memory.GrowthMiB();
    state.ResumeTiming();
    compiled = CompileAll(std::move(objects), state.range(0) != 0);
    peak_mib = std::max(peak_mib, memory.GrowthMiB());
  }
  state.counters["principals"] = static_cast<double>(compiled.principals);
  state.counters["bindings"] = static_cast<double>(compiled.bindings);
  state.counters["paths"] = static_cast<double>(compiled.paths);
  state.counters["text_MB"] = static_cast<double>(compiled.bytes) / 1e6;
  state.counters["objects_MiB"] = static_cast<double>(objects_mib);
  state.counters["peak_MiB"] = static_cast<double>(peak_mib);
  state.SetLabel("goal: 1 s, 150 MB");
}
BENCHMARK(CompileOrganization)
    ->ArgName("with_text")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

}  // namespace
}  // namespace claviger::testing
