// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/footprint.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "access/principal.h"
#include "unit/operator/fixture.h"

namespace claviger::op {
namespace {

using testing::Quickstart;
using testing::TestSettings;

std::set<std::string> Had(const Footprint& footprint, const std::string& who) {
  std::set<std::string> names;
  footprint.ForEach(
      [&](const std::string& id) { return id == who; },
      [&](const model::ObjectRef& ref, bool is_grant) {
        names.insert((is_grant ? "Grant " : "Connection ") + ToString(ref));
      });
  return names;
}

TEST(FootprintTest, HoldsWhatTheDocumentsNamedWhenTheyAreGone) {
  std::map<std::string, std::set<std::string>> expected;
  auto snapshot = std::make_unique<const access::Snapshot>(
      Quickstart(), TestSettings().snapshot);
  auto compiler = std::make_unique<const access::Compiler>(*snapshot, true);
  for (const access::Principal& principal : compiler->principals()) {
    std::set<std::string>& names = expected[IdOf(principal)];
    for (const auto& binding : compiler->Document(principal).bindings) {
      const model::ObjectRef& ref = binding.facts->ref;
      names.insert("Connection " + ToString(ref));
      for (const auto& grant : binding.grants) {
        names.insert("Grant " + ToString(model::ObjectRef{ref.ns, grant.name}));
      }
    }
  }
  const Footprint footprint(*compiler);
  compiler.reset();
  snapshot.reset();
  EXPECT_EQ(Had(footprint, "sa.reports.nightly"),
            (std::set<std::string>{"Connection sales/warehouse",
                                   "Grant sales/nightly"}));
  for (const auto& [id, names] : expected) {
    EXPECT_EQ(Had(footprint, id), names) << id;
  }
  EXPECT_TRUE(Had(footprint, "sa.reports.nobody").empty());
}

}  // namespace
}  // namespace claviger::op
