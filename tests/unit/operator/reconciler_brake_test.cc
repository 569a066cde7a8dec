// SPDX-License-Identifier: Apache-2.0
//
// The mass-delete brake in the whole: what stays, what ends, what a person's
// word changes, and that nothing is ever widened.
#include <map>
#include <set>

#include "access/bindings_document.h"
#include "access/decision.h"
#include "operator/reconciler.h"
#include "support/world.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kNightly[] = "sa.reports.nightly";

class ReconcilerBrakeTest : public ReconcilerFixture {
 protected:
  static op::ReconcilerSettings Confirming(const std::string& code) {
    op::ReconcilerSettings settings = TestSettings();
    settings.safety.confirm = code;
    return settings;
  }
  static model::Objects Only(int from, int to) {
    model::Objects all = ManyConnections("sales", to);
    all.connections.erase(all.connections.begin(),
                          all.connections.begin() + from);
    all.grants.erase(all.grants.begin(), all.grants.begin() + from);
    return all;
  }
};

TEST_F(ReconcilerBrakeTest, KeepsEverythingOfANamespaceThatLostTooMuch) {
  Pass(Only(0, 20));
  const std::string before = vault_.Dump();
  const op::PassReport report = Pass(Only(15, 20));
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_EQ(report.brakes[0].ns, "sales");
  EXPECT_EQ(report.brakes[0].gone, 30u);
  EXPECT_EQ(report.brakes[0].known, 40u);
  EXPECT_EQ(report.writes(), 0u);
  EXPECT_EQ(vault_.Dump(), before);
}

TEST_F(ReconcilerBrakeTest, FewObjectsAreDeletedAtOnce) {
  Pass(Only(0, 20));
  const op::PassReport report = Pass(Only(1, 20));
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
}

TEST_F(ReconcilerBrakeTest, HoldsAfterARestartWithAnEmptiedDirectory) {
  Pass(Only(0, 20));
  const std::string before = vault_.Dump();
  for (int i = 0; i < 3; ++i) {
    Restart();
    const op::PassReport report = Pass({});
    ASSERT_THAT(report.brakes, SizeIs(1));
    EXPECT_EQ(vault_.Dump(), before);
  }
}

TEST_F(ReconcilerBrakeTest, ConfirmedDeletionHappens) {
  Pass(Only(0, 20));
  const std::string code = Pass({}).brakes.at(0).confirmation;
  EXPECT_THAT(code, ::testing::StartsWith("sales:"));
  Restart(Confirming(code));
  const op::PassReport report = Pass({});
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  EXPECT_THAT(vault_.Roles(),
              ElementsAre("claviger-users/claviger.prod.everyone.user"));
}

TEST_F(ReconcilerBrakeTest, ObjectsThatComeBackEndIt) {
  Pass(Only(0, 20));
  const std::string before = vault_.Dump();
  Pass({});
  const op::PassReport report = Pass(Only(0, 20));
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_EQ(report.writes(), 0u);
  EXPECT_EQ(vault_.Dump(), before);
}

TEST_F(ReconcilerBrakeTest, OtherNamespacesGoOn) {
  Pass(Join(Only(0, 20), ManyConnections("other", 2)));
  model::Objects other = ManyConnections("other", 3);
  const op::PassReport report = Pass(other);
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(20 + 3));
  other = ManyConnections("other", 1);
  Pass(other);
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(20 + 1));
}

TEST_F(ReconcilerBrakeTest, WindowsStillEndAndNoneOpens) {
  model::Objects objects = Only(0, 20);
  objects.grants[0].window.expires_at = After(std::chrono::hours(1));
  objects.grants[1].window.not_before = After(std::chrono::hours(1));
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
  const op::PassReport report = Pass({});
  ASSERT_EQ(report.next_transition, After(std::chrono::hours(1)));
  (*process_)->Continue(After(std::chrono::hours(1)));
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(18));
  Restart();
  Pass({}, After(std::chrono::hours(2)));
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(18));
}

TEST_F(ReconcilerBrakeTest, GoneDenyStillDenies) {
  model::Objects objects = Only(0, 20);
  objects.grants.push_back(AGrant("sales/no", "c0")
                               .To(Account("reports/nightly"))
                               .Denying({model::Privilege::kUse}));
  objects.connections[0].sharing.mode = model::SharingMode::kOrganization;
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
  model::Objects left;
  left.connections = {objects.connections[0]};
  const op::PassReport report = Pass(left);
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_THAT(CredentialPaths(kNightly), Not(Contains("secret/data/sales/c0")));
  EXPECT_THAT(CredentialPaths("everyone.sa"), IsEmpty());
}

TEST_F(ReconcilerBrakeTest, GonePathIsNotFreeForOthers) {
  Pass(Only(0, 20));
  model::Objects thief;
  thief.connections = {AConnection("other/mine")
                           .WithOwner(User("mallory"))
                           .WithDefault(Kv2("secret", "sales/c3"))};
  thief.grants = {AGrant("other/me", "mine")
                      .To(Account("other/app"))
                      .Allowing({model::Privilege::kUse})};
  const op::PassReport report = Pass(thief);
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_THAT(CredentialPaths("sa.other.app"), IsEmpty());
  EXPECT_THAT(Bindings("sa.other.app").dump(),
              HasSubstr("DeletionUnconfirmed"));
}

TEST_F(ReconcilerBrakeTest, PathSharedWithAGoneServerSideOneStaysSo) {
  model::Objects objects = Only(0, 20);
  model::Objects sharer;
  sharer.connections = {AConnection("other/mine")
                            .WithOwner(User("erin"))
                            .WithDefault(Kv2("secret", "sales/c3"))
                            .Disclosable()};
  sharer.grants = {AGrant("other/me", "mine")
                       .To(Account("other/app"))
                       .Allowing({model::Privilege::kUse})};
  Pass(Join(objects, sharer));
  const nlohmann::json before = Bindings("sa.other.app");
  EXPECT_THAT(before.dump(), HasSubstr("\"default\":{\"serverSideOnly\":true"));
  const op::PassReport report = Pass(sharer);
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_EQ(Bindings("sa.other.app"), before);
  EXPECT_THAT(CredentialPaths("sa.other.app"),
              ElementsAre("secret/data/sales/c3"));
}

TEST_F(ReconcilerBrakeTest, GoneGroupsHoldEverything) {
  model::Objects objects = ManyConnections("sales", 3);
  for (int i = 0; i < 15; ++i) {
    objects.groups.push_back(AGroup("g" + std::to_string(i))
                                 .With(Account("reports/nightly"))
                                 .Claiming("groups", "team"));
  }
  Pass(objects);
  const std::string before = vault_.Dump();
  model::Objects without =
      Join(ManyConnections("sales", 3), ManyConnections("new", 2));
  op::PassReport report = Pass(without);
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_EQ(report.brakes[0].ns, "_cluster");
  EXPECT_EQ(vault_.Dump(), before);
  Restart();
  Pass(without);
  EXPECT_EQ(vault_.Dump(), before);
  Restart(Confirming(report.brakes[0].confirmation));
  report = Pass(without);
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(5));
  EXPECT_THAT(vault_.Roles(), Not(Contains(HasSubstr("claim"))));
}

TEST_F(ReconcilerBrakeTest, UserWhoseNameIsGoneKeepsWhatIsHeld) {
  model::Objects objects = Only(0, 20);
  for (model::Grant& grant : objects.grants) {
    grant.subjects = {User("alice")};
  }
  Pass(objects);
  const std::string before = vault_.Dump();
  const op::PassReport report = Pass(ManyConnections("other", 0));
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_EQ(vault_.Dump(), before);
  // Confirmed, alice goes with all the rest.
  Restart(Confirming(report.brakes[0].confirmation));
  Pass({});
  EXPECT_THAT(vault_.Secrets("claviger/prod/bindings/user"), IsEmpty());
}

TEST_F(ReconcilerBrakeTest, ScatteredObjectsAllGoneHoldEverything) {
  model::Objects objects;
  for (int i = 0; i < 8; ++i) {
    objects = Join(objects, ManyConnections("ns" + std::to_string(i), 1));
  }
  Pass(objects);
  const std::string before = vault_.Dump();
  const op::PassReport report = Pass({});
  ASSERT_THAT(report.brakes, SizeIs(1));
  EXPECT_EQ(report.brakes[0].ns, "_all");
  EXPECT_EQ(vault_.Dump(), before);
}

TEST_F(ReconcilerBrakeTest, UnreadableDocumentIsLeftAlone) {
  Pass(Only(0, 20));
  nlohmann::json entry = Bindings(kNightly);
  entry["document"]["bindings"] = "broken";
  vault_.SetSecret("claviger/prod/bindings/sa.reports.nightly", entry);
  const std::string before = vault_.Dump();
  Restart();
  const op::PassReport report = Pass({});
  ASSERT_THAT(report.failures, SizeIs(1));
  EXPECT_TRUE(report.failures[0].permanent);
  EXPECT_EQ(vault_.Dump(), before);
}

TEST_F(ReconcilerBrakeTest, SecondPassUnderTheBrakeMakesNoCall) {
  Pass(Only(0, 20));
  Pass({});
  vault_.ResetCounts();
  (*process_)->Continue(kNow);
  Pass({});
  EXPECT_EQ(vault_.calls(), 0);
}

// --- never widened ---

using PathsOf = std::map<std::string, std::set<std::string>>;

PathsOf OpenPaths(const FakeVault& vault) {
  PathsOf open;
  for (const std::string& name : vault.Policies()) {
    const auto policy = nlohmann::json::parse(vault.Policy(name));
    for (const auto& [path, rule] : policy.at("path").items()) {
      if (path.rfind("secret", 0) == 0 || path.rfind("database", 0) == 0 ||
          path.rfind("kv", 0) == 0) {
        open[name].insert(path);
      }
    }
  }
  return open;
}

// Which slot each service account is given, by connection and delivery, from
// its published documents: what a sidecar would say.
std::map<std::string, std::string> Answers(const FakeVault& vault, Time now) {
  const auto document = [&](const std::string& id) {
    const auto entry = vault.Secret("claviger/prod/bindings/" + id);
    if (entry.is_null()) return access::BindingsDocument{};
    return *access::DecodeBindings({entry.at("document").dump()});
  };
  const access::BindingsDocument everyone = document("everyone.sa");
  std::map<std::string, std::string> answers;
  for (const std::string& path : vault.Secrets("claviger/prod/bindings/sa.")) {
    const std::string id = path.substr(path.rfind('/') + 1);
    const access::BindingsDocument own = document(id);
    const size_t dot = id.find('.', 3);
    access::Question question;
    question.carrier = {id.substr(3, dot - 3), id.substr(dot + 1)};
    for (const access::Binding& binding :
         access::MergeDocuments({&own, &everyone})) {
      for (const access::Delivery delivery :
           {access::Delivery::kInject, access::Delivery::kDisclose}) {
        question.delivery = delivery;
        const access::Decision decision = Decide(&binding, question, now);
        if (!decision.allowed()) continue;
        answers[id + " " + ToString(binding.facts->ref) + " " +
                std::string(ToString(delivery))] = decision.slot;
      }
    }
  }
  return answers;
}

template <typename T>
void DropSome(Dice& dice, std::vector<T>& objects, int percent) {
  std::vector<T> left;
  for (T& object : objects) {
    if (!dice.Chance(percent)) left.push_back(std::move(object));
  }
  objects = std::move(left);
}

TEST(BrakeWorldsTest, WhateverIsGoneNothingIsWidened) {
  int held = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Dice dice(seed);
    const World world = RandomWorld(seed);
    op::ReconcilerSettings settings = TestSettings();
    // Worlds are small: every loss trips.
    settings.safety.min = 0;
    settings.safety.percent = 0;
    FakeVault vault;
    Process(vault, settings)->Pass(world.objects, world.now);
    const PathsOf before = OpenPaths(vault);
    const auto answers_before = Answers(vault, world.now);
    model::Objects left = world.objects;
    const int percent = dice.Between(10, 90);
    DropSome(dice, left.connections, percent);
    DropSome(dice, left.grants, percent);
    if (dice.Chance(30)) DropSome(dice, left.groups, percent);
    const op::PassReport report =
        Process(vault, settings)->Pass(left, world.now);
    held += report.brakes.empty() ? 0 : 1;
    for (const auto& [name, paths] : OpenPaths(vault)) {
      const auto known = before.find(name);
      for (const std::string& path : paths) {
        ASSERT_TRUE(known != before.end() && known->second.count(path) > 0)
            << "seed " << seed << ": " << name << " may now read " << path;
      }
    }
    for (const auto& [what, slot] : Answers(vault, world.now)) {
      const auto known = answers_before.find(what);
      ASSERT_TRUE(known != answers_before.end() && known->second == slot)
          << "seed " << seed << ": " << what << " is now given " << slot;
    }
  }
  EXPECT_GT(held, 150);
}

}  // namespace
}  // namespace claviger::testing
