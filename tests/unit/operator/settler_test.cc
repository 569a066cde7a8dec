// SPDX-License-Identifier: Apache-2.0
//
// One principal at a time: what is written, in which order, and what is not.
#include "operator/settler.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using op::Action;
using op::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPolicy[] = "claviger.prod.sa.reports.nightly";
constexpr char kRole[] = "claviger/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/prod/bindings/sa.reports.nightly";
constexpr char kEntryPath[] = "claviger/data/prod/bindings/sa.reports.nightly";

class SettlerTest : public ::testing::Test {
 protected:
  op::Desired Nightly(const std::vector<std::string>& paths = {}) {
    const auto principal =
        access::Principal::ServiceAccount("reports", "nightly");
    return *op::MakeDesired(settings_.layout, principal,
                            {IdOf(principal), {}, {}}, paths, nullptr);
  }
  std::optional<op::Conflict> Settle(const op::Desired& desired,
                                     const op::Known& known = {}) {
    changes_.clear();
    vault_.ResetCounts();
    const auto settled = settler_.Settle(desired, memory_, known);
    EXPECT_TRUE(settled) << settled.error().message;
    if (!settled) return std::nullopt;
    put_off_ = settled->put_off;
    return settled->conflict;
  }
  op::Settler::Outcome Remove() {
    changes_.clear();
    const auto outcome = settler_.Remove("sa.reports.nightly", memory_);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(std::nullopt);
  }
  std::vector<Kind> Kinds() const {
    std::vector<Kind> kinds;
    for (const op::Change& change : changes_) kinds.push_back(change.kind);
    return kinds;
  }

  const op::ReconcilerSettings settings_ = TestSettings();
  FakeVault vault_;
  Process process_{vault_};
  std::vector<op::Change> changes_;
  op::Settler settler_{process_.store(), settings_.layout, changes_};
  op::Memory memory_;
  bool put_off_ = false;
};

TEST_F(SettlerTest, CostsThreeWritesAndThreeReads) {
  EXPECT_FALSE(Settle(Nightly()));
  EXPECT_EQ(vault_.writes(), 3);
  EXPECT_EQ(vault_.reads(), 3);
  EXPECT_THAT(Kinds(),
              ElementsAre(Kind::kBindings, Kind::kPolicy, Kind::kRole));
  EXPECT_TRUE(memory_.ours);
  EXPECT_FALSE(Settle(Nightly()));
  EXPECT_EQ(vault_.writes(), 0);
}

TEST_F(SettlerTest, WritesOnlyWhatDiffers) {
  Settle(Nightly());
  Settle(Nightly({"secret/data/x"}));
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kPolicy, Kind::kBindings));
  for (const op::Change& change : changes_) {
    EXPECT_EQ(change.action, Action::kUpdate);
    EXPECT_FALSE(change.drift);
  }
}

TEST_F(SettlerTest, ReadsTheEntryAloneWhereItKnowsTheRights) {
  Settle(Nightly());
  EXPECT_FALSE(Settle(Nightly({"secret/data/x"})));
  EXPECT_THAT(vault_.log(),
              ElementsAre("read " + std::string(kEntryPath),
                          "write sys/policies/acl/" + std::string(kPolicy),
                          "write " + std::string(kEntryPath)));
  EXPECT_FALSE(put_off_);
}

TEST_F(SettlerTest, ReadsNothingWhereNothingIsThere) {
  EXPECT_FALSE(Settle(Nightly(), {.nothing = true}));
  EXPECT_EQ(vault_.reads(), 0);
  EXPECT_EQ(vault_.writes(), 3);
}

TEST_F(SettlerTest, EntryThatCameAfterTheListIsForeignAsEver) {
  vault_.SetSecret(kEntry, {{"theirs", true}});
  const auto conflict = Settle(Nightly(), {.nothing = true});
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->what, HasSubstr("bindings/sa.reports.nightly"));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
  EXPECT_FALSE(vault_.HasRole(kRole));
}

TEST_F(SettlerTest, BelievesAMatchingEntryUntilItCompares) {
  Settle(Nightly());
  memory_ = {};
  vault_.SetPolicy(kPolicy, "{}");
  EXPECT_FALSE(Settle(Nightly(), {.rights_exist = true}));
  EXPECT_EQ(vault_.calls(), 1);
  EXPECT_TRUE(put_off_);
  EXPECT_FALSE(memory_.rights.policy);
  // What is believed is not known: the next time it is compared.
  EXPECT_FALSE(Settle(Nightly()));
  EXPECT_FALSE(put_off_);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kPolicy));
  EXPECT_TRUE(changes_.front().drift);
}

TEST_F(SettlerTest, BelievesNoEntryThatSaysAnotherThing) {
  Settle(Nightly({"secret/data/x"}));
  const std::string before = vault_.Policy(kPolicy);
  memory_ = {};
  EXPECT_FALSE(Settle(Nightly(), {.rights_exist = true}));
  EXPECT_FALSE(put_off_);
  EXPECT_NE(vault_.Policy(kPolicy), before);
}

TEST_F(SettlerTest, WhatFailedIsNotKnown) {
  Settle(Nightly());
  vault_.Refuse(std::string("write sys/policies/acl/") + kPolicy);
  EXPECT_FALSE(settler_.Settle(Nightly({"secret/data/x"}), memory_));
  EXPECT_FALSE(memory_.rights.policy);
  EXPECT_FALSE(memory_.rights.role);
}

TEST_F(SettlerTest, KeepsRightsThatItIsNotTold) {
  Settle(Nightly({"secret/data/x"}));
  const std::string policy = vault_.Policy(kPolicy);
  const auto ledger = vault_.Secret(kEntry).at("ledger");
  auto keep = *op::KeepRights({"sa.reports.nightly", {}, {}});
  EXPECT_FALSE(Settle(keep));
  EXPECT_THAT(changes_, IsEmpty());
  EXPECT_EQ(vault_.Policy(kPolicy), policy);
  EXPECT_EQ(vault_.Secret(kEntry).at("ledger"), ledger);
}

TEST_F(SettlerTest, KeepsNothingThatIsNotThere) {
  const auto keep = *op::KeepRights({"sa.reports.nightly", {}, {}});
  const auto conflict = Settle(keep);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(vault_.writes(), 0);
}

TEST_F(SettlerTest, ServersOwnRoleFieldIsToleratedAfterOneTry) {
  // A server that fills a field in by itself, whatever is written.
  struct Filler final : vault::Api {
    explicit Filler(FakeVault& v) : vault(v) {}
    Result<vault::Answer> Do(const vault::Call& call) override {
      auto answer = vault.Do(call);
      if (call.verb == vault::Verb::kWrite &&
          call.path.find("/role/") != std::string::npos) {
        auto role = vault.Role(kRole);
        role["brand_new_field"] = "x";
        vault.SetRole(kRole, role);
      }
      return answer;
    }
    FakeVault& vault;
  } filler(vault_);
  op::FixedToken token{Secret("root")};
  op::VaultStore store(filler, token, "claviger");
  op::Settler settler(store, settings_.layout, changes_);
  op::Memory memory;
  const auto settle = [&] {
    memory.rights = {};  // as when it is read again
    ASSERT_TRUE(settler.Settle(Nightly(), memory));
  };
  settle();
  settle();  // tries to get rid of it
  changes_.clear();
  settle();
  EXPECT_THAT(changes_, IsEmpty());
  // Anything else is still found.
  auto role = vault_.Role(kRole);
  role["token_period"] = 60;
  vault_.SetRole(kRole, role);
  settle();
  EXPECT_FALSE(vault_.Role(kRole).contains("token_period"));
}

TEST_F(SettlerTest, DeletedVersionOfAStrangerIsAFailureNotAnAdoption) {
  vault_.SetSecret(kEntry, {{"theirs", 1}});
  vault_.DeleteVersion(kEntry);
  const auto outcome = settler_.Settle(Nightly(), memory_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
  EXPECT_FALSE(vault_.HasRole(kRole));
}

TEST_F(SettlerTest, RemovesWhatIsOursAndForgetsIt) {
  Settle(Nightly());
  EXPECT_FALSE(Remove());
  EXPECT_THAT(Kinds(),
              ElementsAre(Kind::kRole, Kind::kPolicy, Kind::kBindings));
  EXPECT_FALSE(memory_.ours);
  EXPECT_FALSE(Remove());
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(SettlerTest, RemovesNothingForeign) {
  vault_.SetSecret(kEntry, {{"theirs", 1}});
  vault_.SetPolicy(kPolicy, "theirs");
  const auto conflict = Remove();
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->what, HasSubstr("bindings/sa.reports.nightly"));
  EXPECT_TRUE(vault_.HasPolicy(kPolicy));
}

TEST_F(SettlerTest, RemovesTheRoleWhereTheLedgerSaysItIs) {
  Settle(Nightly());
  op::ReconcilerSettings moved = settings_;
  moved.layout.auth_mount = "k8s";
  op::Settler other(process_.store(), moved.layout, changes_);
  op::Memory memory;
  ASSERT_TRUE(other.Remove("sa.reports.nightly", memory));
  EXPECT_FALSE(vault_.HasRole(kRole));
}

}  // namespace
}  // namespace claviger::testing
