// SPDX-License-Identifier: Apache-2.0
//
// One tenant makes hundreds of Grants at once: another one's edits do not wait
// for them, and nothing is lost. Counted is what goes ahead of an edit, since
// how long that takes depends on the machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "fault_suite.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kGrants = 600;
constexpr int kEdits = 12;
// A piece that is under way, one more, and what came while the API server told
// of the edit and the test looked; in order it would be some hundreds.
constexpr int kMostAhead = 40;

constexpr char kTheirs[] = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: books, namespace: finance}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, database: dw}
  owner: {kind: User, name: fred}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: finance/books}}
)";

class FloodTest : public FaultSuite {
 protected:
  void Begin() override {
    ASSERT_TRUE(bed_->StartOperator());
    ASSERT_TRUE(bed_->cluster().Apply(WarehouseYaml()));
    ASSERT_TRUE(bed_->cluster().Apply(kTheirs));
    Edit(0);
  }
  void End() override {
    (void)bed_->cluster().Delete("Grant", "finance", "edited");
    (void)bed_->cluster().Delete("Connection", "finance", "books");
    CleanUp();
  }

  struct Waited {
    milliseconds time{0};
    int ahead = 0;  // how many of the other tenant's took effect meanwhile
  };

  // From when the API server has taken it until the Grant that is theirs says
  // so in Vault.
  Waited Edit(int round) {
    const std::string account = "reader-" + std::to_string(round);
    EXPECT_TRUE(bed_->cluster().Apply(
        R"(apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: edited, namespace: finance}
spec:
  connection: books
  subjects: [{kind: ServiceAccount, namespace: finance, name: )" +
        account + "}]\n  privileges: [use]\n"));
    const auto began = steady_clock::now();
    const int before = CountOfMany();
    EXPECT_TRUE(ClusterBed::Await([&] {
      return !bed_->cluster().Policy("sa.finance." + account).empty();
    })) << bed_->Log();
    return {
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - began),
        CountOfMany() - before};
  }

  // The most of some.
  Waited MostOfEdits(int from) {
    Waited most;
    for (int i = 0; i < kEdits; ++i) {
      const Waited one = Edit(from + i);
      most.time = std::max(most.time, one.time);
      most.ahead = std::max(most.ahead, one.ahead);
    }
    return most;
  }

  // How many of the other tenant's Grants are in force.
  int CountOfMany() {
    const auto listed =
        bed_->cluster().vault().Call("LIST", "sys/policies/acl");
    if (!listed || !listed->ok()) return 0;
    int found = 0;
    const json answer = listed->Json();
    for (const std::string name : answer["data"]["keys"]) {
      if (name.find(".sa.reports.many-") != std::string::npos) ++found;
    }
    return found;
  }

  static json OneOfMany(int i) {
    const std::string name = "many-" + std::to_string(i);
    return {{"apiVersion", "claviger.io/v1alpha1"},
            {"kind", "Grant"},
            {"metadata", {{"name", name}, {"namespace", "sales"}}},
            {"spec",
             {{"connection", "warehouse"},
              {"subjects",
               {{{"kind", "ServiceAccount"},
                 {"namespace", "reports"},
                 {"name", name}}}},
              {"privileges", {"use"}}}}};
  }
};

TEST_F(FloodTest, OfGrantsByOneTenantDoesNotGoAheadOfTheOthersEdits) {
  const Waited before = MostOfEdits(100);
  std::vector<std::thread> tenants;
  std::atomic<int> made{0};
  for (int part = 0; part < 4; ++part) {
    tenants.emplace_back([&, part] {
      for (int i = part; i < kGrants; i += 4) {
        const auto answer = bed_->cluster().kube().Call(
            "POST", "/apis/claviger.io/v1alpha1/namespaces/sales/grants",
            OneOfMany(i).dump());
        if (answer && answer->status == 201) ++made;
      }
    });
  }
  const Waited during = MostOfEdits(200);
  for (std::thread& one : tenants) one.join();
  RecordProperty("quiet_ms", static_cast<int>(before.time.count()));
  RecordProperty("flooded_ms", static_cast<int>(during.time.count()));
  RecordProperty("ahead", during.ahead);
  EXPECT_EQ(made, kGrants);
  EXPECT_LE(during.ahead, kMostAhead);
  // Each of them is in force in the end.
  EXPECT_TRUE(ClusterBed::Await([&] { return CountOfMany() == kGrants; }))
      << bed_->Log();
}

}  // namespace
}  // namespace claviger::testing
