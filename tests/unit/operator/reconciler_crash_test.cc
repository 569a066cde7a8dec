// SPDX-License-Identifier: Apache-2.0
//
// Killed between any two calls and started again, the reconciler reaches the
// same end; so does one that stays alive while Vault fails at any call.
#include <ostream>

#include "operator/reconciler.h"
#include "support/world.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using Fault = FakeVault::Fault;

// Not the texts themselves: they are long.
std::string Differences(const FakeVault& is, const FakeVault& should_be) {
  const auto a = nlohmann::json::parse(is.Dump());
  const auto b = nlohmann::json::parse(should_be.Dump());
  std::string all;
  for (const auto& step : nlohmann::json::diff(b, a)) {
    all += step.at("op").get<std::string>() + " " +
           step.at("path").get<std::string>() + "\n";
  }
  return all;
}

struct Scenario {
  std::string name;
  model::Objects before;
  model::Objects after;
  op::ReconcilerSettings settings_after = TestSettings();
};

model::Objects Mixed() {
  model::Objects objects = Quickstart();
  objects.grants.erase(objects.grants.begin());  // nightly is gone
  objects.grants[0].window.expires_at = kNow;    // closer's has ended
  objects.connections[0].credentials.default_slot->vault.path = "sales/other";
  objects.service_accounts = {{"new", "comer"}};
  return objects;
}

model::Objects Long(int connections) {
  model::Objects objects;
  for (int i = 0; i < connections; ++i) {
    model::Connection connection = AConnection("sales/c" + std::to_string(i))
                                       .WithOwner(Account("reports/nightly"))
                                       .WithDefault(Kv2("secret", "sales/c"));
    connection.endpoint.tls.ca_bundle =
        std::string(130'000, static_cast<char>('A' + i));
    objects.connections.push_back(connection);
  }
  return objects;
}

// Of a source that tells of deletions: nightly's Grant was deleted in sight, a
// Deny is gone without a word.
model::Objects Told() {
  model::Objects objects = Quickstart();
  objects.explains_deletions = true;
  objects.grants.push_back(AGrant("sales/no", "warehouse")
                               .To(Account("finance/closer"))
                               .Denying({model::Privilege::kUse}));
  return objects;
}
model::Objects Lost() {
  model::Objects objects = Told();
  objects.ended = {model::EndedOf("Grant", objects.grants[0].metadata)};
  objects.grants.erase(objects.grants.begin());
  objects.grants.pop_back();
  return objects;
}

std::vector<Scenario> Scenarios() {
  op::ReconcilerSettings moved = TestSettings();
  moved.layout.auth_mount = "k8s";
  std::vector<Scenario> scenarios = {
      {"create", {}, Quickstart()},
      {"delete", Quickstart(), {}},
      {"update", Quickstart(), Mixed()},
      {"back", Mixed(), Quickstart()},
      {"deletions seen and not", Told(), Lost()},
      {"grow", Long(1), Long(3)},
      {"shrink", Long(3), Long(1)},
      {"move roles", Quickstart(), Mixed(), moved}};
  // The same with names listed, and comparing put off; but for long documents,
  // which take their time.
  const size_t count = scenarios.size();
  for (size_t i = 0; i < count; ++i) {
    Scenario listed = scenarios[i];
    if (listed.name == "grow" || listed.name == "shrink") continue;
    listed.name += " by list";
    listed.settings_after.many = 1;
    scenarios.push_back(std::move(listed));
  }
  return scenarios;
}

// With what was put off.
op::PassReport ToTheEnd(Process& process, op::PassReport report) {
  for (int i = 0; report.put_off && i < 3; ++i) {
    report = process->Continue(kNow);
  }
  EXPECT_FALSE(report.put_off);
  return report;
}
op::PassReport PassToTheEnd(Process& process, const model::Objects& objects) {
  return ToTheEnd(process, process->Pass(objects, kNow));
}

class CrashTest : public ::testing::TestWithParam<Scenario> {
 protected:
  /// Vault as the scenario begins.
  static FakeVault Begin(const Scenario& scenario) {
    FakeVault vault;
    Process process(vault);
    EXPECT_TRUE(process->Pass(scenario.before, kNow).settled());
    vault.ResetCounts();
    return vault;
  }
  static FakeVault End(const Scenario& scenario) {
    FakeVault vault = Begin(scenario);
    Process process(vault, scenario.settings_after);
    EXPECT_TRUE(PassToTheEnd(process, scenario.after).settled());
    return vault;
  }
};

TEST_P(CrashTest, KilledAnywhereAndStartedAgainReachesTheSameEnd) {
  const Scenario& scenario = GetParam();
  const FakeVault end = End(scenario);
  const int calls = end.calls();
  ASSERT_GT(calls, 5);
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    for (int n = 0; n <= calls; ++n) {
      FakeVault vault = Begin(scenario);
      vault.DieAfter(n, fault);
      Process(vault, scenario.settings_after)->Pass(scenario.after, kNow);
      vault.Heal();
      Process process(vault, scenario.settings_after);
      const op::PassReport report = PassToTheEnd(process, scenario.after);
      ASSERT_TRUE(report.settled()) << scenario.name << " at call " << n;
      ASSERT_EQ(report.conflicts.size(), 0u)
          << scenario.name << " at call " << n << ": "
          << report.conflicts[0].what;
      ASSERT_EQ(Differences(vault, end), "") << scenario.name << " at " << n;
    }
  }
}

TEST_P(CrashTest, ProcessThatLivesOnReachesTheSameEnd) {
  const Scenario& scenario = GetParam();
  const FakeVault end = End(scenario);
  const int calls = end.calls();
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    for (int n = 0; n <= calls; ++n) {
      FakeVault vault = Begin(scenario);
      Process process(vault, scenario.settings_after);
      vault.DieAfter(n, fault, ErrorCode::kDeadlineExceeded);
      process->Pass(scenario.after, kNow);
      vault.Heal();
      ASSERT_TRUE(ToTheEnd(process, process->Continue(kNow)).settled()) << n;
      ASSERT_EQ(Differences(vault, end), "") << scenario.name << " at " << n;
      vault.ResetCounts();
      process->Continue(kNow);
      ASSERT_EQ(vault.calls(), 0) << scenario.name << " at call " << n;
    }
  }
}

TEST_P(CrashTest, KilledInTheMiddleAndSentBackReachesTheBeginning) {
  const Scenario& scenario = GetParam();
  // What was deleted in sight does not come back.
  if (!scenario.after.ended.empty()) GTEST_SKIP();
  FakeVault begin = Begin(scenario);
  Process(begin)->Pass(scenario.before, kNow);
  const int calls = End(scenario).calls();
  for (int n = 0; n <= calls; ++n) {
    FakeVault vault = Begin(scenario);
    vault.DieAfter(n, Fault::kAfter);
    Process(vault, scenario.settings_after)->Pass(scenario.after, kNow);
    vault.Heal();
    op::ReconcilerSettings settings = TestSettings();
    settings.many = scenario.settings_after.many;
    Process process(vault, settings);
    ASSERT_TRUE(PassToTheEnd(process, scenario.before).settled()) << n;
    ASSERT_EQ(Differences(vault, begin), "") << scenario.name << " at " << n;
  }
}

void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

INSTANTIATE_TEST_SUITE_P(
    Scenarios, CrashTest, ::testing::ValuesIn(Scenarios()),
    [](const ::testing::TestParamInfo<Scenario>& scenario) {
      std::string name = scenario.param.name;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

// Random worlds, one after the other, each cut off at a random call.
TEST(CrashWorldsTest, RandomWorldsReachTheSameEnd) {
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    Dice dice(seed);
    const World first = RandomWorld(seed);
    const World second = RandomWorld(seed + 10'000);
    op::ReconcilerSettings settings = TestSettings();
    settings.safety.min = 1'000;  // the brake is another test's matter
    settings.many = dice.Chance(50) ? 1 : 100;

    FakeVault straight;
    Process(straight, settings)->Pass(second.objects, second.now);

    FakeVault vault;
    Process(vault, settings)->Pass(first.objects, first.now);
    vault.DieAfter(dice.Below(60),
                   dice.Chance(50) ? Fault::kBefore : Fault::kAfter);
    Process(vault, settings)->Pass(second.objects, second.now);
    vault.Heal();
    Process process(vault, settings);
    op::PassReport report = process->Pass(second.objects, second.now);
    if (report.put_off) report = process->Continue(second.now);
    ASSERT_TRUE(report.settled()) << seed;
    ASSERT_EQ(Differences(vault, straight), "") << "seed " << seed;
    vault.ResetCounts();
    process->Pass(second.objects, second.now);
    ASSERT_EQ(vault.calls(), 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace claviger::testing
