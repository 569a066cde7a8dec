// SPDX-License-Identifier: Apache-2.0
//
// What a pass writes, in which order, and what it leaves alone.
#include "operator/reconciler.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using ReconcilerTest = ReconcilerFixture;

constexpr char kNightly[] = "sa.reports.nightly";

TEST_F(ReconcilerTest, WritesPolicyRoleAndBindingsOfEachPrincipal) {
  const op::PassReport report = Pass(Quickstart());
  EXPECT_TRUE(report.settled());
  EXPECT_THAT(
      CredentialPaths(kNightly),
      ElementsAre("secret/data/sales/nightly", "secret/data/sales/warehouse"));
  EXPECT_THAT(CredentialPaths("sa.finance.closer"),
              ElementsAre("secret/data/sales/warehouse"));
  const auto role = vault_.Role("claviger/claviger.prod.sa.reports.nightly");
  EXPECT_EQ(role.at("bound_service_account_names"),
            nlohmann::json({"nightly"}));
  const auto entry = Bindings(kNightly);
  EXPECT_EQ(entry.at("stamp").at("cluster"), "prod");
  EXPECT_THAT(entry.at("document").dump(), HasSubstr("warehouse"));
  // erin is a user: bindings only.
  EXPECT_EQ(vault_.Policies().size(), 5u);
}

TEST_F(ReconcilerTest, SecondPassMakesNoCallAtAll) {
  Pass(Quickstart());
  vault_.ResetCounts();
  const op::PassReport report =
      Pass(Quickstart(), After(std::chrono::hours(1)));
  EXPECT_EQ(vault_.calls(), 0) << ::testing::PrintToString(vault_.log());
  EXPECT_EQ(report.writes(), 0u);
  EXPECT_TRUE(report.settled());
}

TEST_F(ReconcilerTest, NewProcessReadsEverythingAndWritesNothing) {
  Pass(Quickstart());
  Restart();
  vault_.ResetCounts();
  const op::PassReport report = Pass(Quickstart());
  EXPECT_EQ(vault_.writes(), 0) << ::testing::PrintToString(vault_.log());
  EXPECT_GT(vault_.reads(), 0);
  EXPECT_EQ(report.writes(), 0u);
}

TEST_F(ReconcilerTest, NewPrincipalGetsItsRoleLast) {
  Pass({});
  vault_.ResetCounts();
  model::Objects objects;
  objects.service_accounts = {{"reports", "nightly"}};
  Pass(objects);
  std::vector<std::string> writes;
  for (const std::string& call : vault_.log()) {
    if (call.rfind("write", 0) == 0) writes.push_back(call);
  }
  EXPECT_THAT(
      writes,
      ElementsAre("write claviger/data/prod/bindings/sa.reports.nightly",
                  "write sys/policies/acl/claviger.prod.sa.reports.nightly",
                  "write auth/claviger/role/claviger.prod.sa.reports.nightly",
                  "write claviger/data/prod/ledger/epoch"));
}

TEST_F(ReconcilerTest, RemovedPrincipalLosesItsRoleFirst) {
  model::Objects objects;
  objects.service_accounts = {{"reports", "nightly"}};
  Pass(objects);
  vault_.ResetCounts();
  Pass({});
  std::vector<std::string> deletes;
  for (const std::string& call : vault_.log()) {
    if (call.rfind("delete", 0) == 0) deletes.push_back(call);
  }
  EXPECT_THAT(
      deletes,
      ElementsAre("delete auth/claviger/role/claviger.prod.sa.reports.nightly",
                  "delete sys/policies/acl/claviger.prod.sa.reports.nightly",
                  "delete claviger/metadata/prod/bindings/sa.reports.nightly"));
  EXPECT_TRUE(Bindings(kNightly).is_null());
}

TEST_F(ReconcilerTest, DeletedGrantLeavesThePolicyInTheSamePassPolicyFirst) {
  Pass(Quickstart());
  vault_.ResetCounts();
  model::Objects objects = Quickstart();
  objects.grants.erase(objects.grants.begin());
  objects.service_accounts = {{"reports", "nightly"}};
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  std::vector<std::string> writes;
  for (const std::string& call : vault_.log()) {
    if (call.rfind("write", 0) == 0 &&
        call.find("ledger") == std::string::npos) {
      writes.push_back(call);
    }
  }
  EXPECT_THAT(
      writes,
      ElementsAre("write sys/policies/acl/claviger.prod.sa.reports.nightly",
                  "write claviger/data/prod/bindings/sa.reports.nightly"));
}

TEST_F(ReconcilerTest, WhatIsGivenIsInThePolicyBeforeItIsAnnounced) {
  model::Objects objects = Quickstart();
  const model::Grant grant = objects.grants.front();
  objects.grants.erase(objects.grants.begin());
  objects.service_accounts = {{"reports", "nightly"}};
  Pass(objects);
  objects.grants.push_back(grant);
  const op::PassReport report = Pass(objects);
  std::vector<op::Kind> kinds;
  for (const op::Change& change : report.changes) {
    if (change.kind != op::Kind::kLedger) kinds.push_back(change.kind);
  }
  EXPECT_THAT(kinds, ElementsAre(op::Kind::kPolicy, op::Kind::kBindings));
}

TEST_F(ReconcilerTest, EveryonesRightsComeBeforeThoseWhoRelyOnThem) {
  Pass(Quickstart());
  model::Objects objects = Quickstart();
  objects.connections.push_back(AConnection("sales/news")
                                    .Shared(model::SharingMode::kOrganization)
                                    .WithDefault(Kv2("secret", "sales/news")));
  objects.service_accounts = {{"new", "comer"}};
  const op::PassReport report = Pass(objects);
  std::vector<std::string> names;
  for (const op::Change& change : report.changes) {
    if (change.kind == op::Kind::kPolicy) names.push_back(change.name);
  }
  EXPECT_THAT(names, ElementsAre("claviger.prod.everyone.sa",
                                 "claviger.prod.sa.new.comer"));
  EXPECT_THAT(CredentialPaths("everyone.sa"),
              ElementsAre("secret/data/sales/news"));
}

TEST_F(ReconcilerTest, WindowsTakeEffectOnTime) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.not_before = After(std::chrono::hours(1));
  objects.grants[0].window.expires_at = After(std::chrono::hours(2));
  op::PassReport report = Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  ASSERT_EQ(report.next_transition, After(std::chrono::hours(1)));

  vault_.ResetCounts();
  report = (*process_)->Continue(After(std::chrono::minutes(59)));
  EXPECT_EQ(vault_.calls(), 0);

  report = (*process_)->Continue(*report.next_transition);
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(2));
  ASSERT_EQ(report.next_transition, After(std::chrono::hours(2)));

  report = (*process_)->Continue(*report.next_transition);
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  EXPECT_EQ(report.next_transition, std::nullopt);
}

TEST_F(ReconcilerTest, ClockSetBackClosesWhatHadOpened) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.not_before = After(std::chrono::hours(1));
  Pass(objects, After(std::chrono::hours(2)));
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(2));
  (*process_)->Continue(kNow);
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
}

TEST_F(ReconcilerTest, IncompleteReadChangesNothing) {
  Pass(Quickstart());
  const std::string before = vault_.Dump();
  model::Objects torn;
  torn.complete = false;
  torn.problems.push_back({});
  vault_.ResetCounts();
  const op::PassReport report = Pass(torn);
  EXPECT_TRUE(report.incomplete_read);
  EXPECT_FALSE(report.settled());
  EXPECT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(vault_.calls(), 0);
  EXPECT_EQ(vault_.Dump(), before);
}

TEST_F(ReconcilerTest, IncompleteFirstReadChangesNothing) {
  Pass(Quickstart());
  Restart();
  vault_.ResetCounts();
  model::Objects torn;
  torn.complete = false;
  EXPECT_TRUE(Pass(torn).incomplete_read);
  EXPECT_EQ(vault_.calls(), 0);
}

TEST_F(ReconcilerTest, WindowsStillCloseWhileReadsAreIncomplete) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.expires_at = After(std::chrono::hours(1));
  Pass(objects);
  model::Objects torn;
  torn.complete = false;
  Pass(torn, After(std::chrono::hours(1)));
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
}

TEST_F(ReconcilerTest, ChangedAuthMountTakesTheOldRoleAway) {
  Pass(Quickstart());
  op::ReconcilerSettings settings = TestSettings();
  settings.layout.auth_mount = "k8s-prod";
  Restart(settings);
  const op::PassReport report = Pass(Quickstart());
  EXPECT_TRUE(report.settled());
  EXPECT_FALSE(vault_.HasRole("claviger/claviger.prod.sa.reports.nightly"));
  EXPECT_TRUE(vault_.HasRole("k8s-prod/claviger.prod.sa.reports.nightly"));
}

TEST_F(ReconcilerTest, UsersWithoutALoginGetNothing) {
  Pass(Quickstart());
  op::ReconcilerSettings settings = TestSettings();
  settings.layout.user_auth_mount.clear();
  Restart(settings);
  Pass(Quickstart());
  EXPECT_THAT(vault_.Policies(), Not(Contains(HasSubstr("user"))));
  EXPECT_THAT(vault_.Roles(), Not(Contains(HasSubstr("user"))));
  EXPECT_THAT(vault_.Secrets("claviger/prod/bindings/user"), IsEmpty());
}

TEST_F(ReconcilerTest, LongDocumentIsWrittenInPartsAndShrinksAgain) {
  model::Objects objects;
  for (int i = 0; i < 8; ++i) {
    model::Connection connection = AConnection("sales/c" + std::to_string(i))
                                       .WithOwner(Account("reports/nightly"))
                                       .WithDefault(Kv2("secret", "sales/c"));
    connection.endpoint.tls.ca_bundle =
        std::string(60'000, static_cast<char>('A' + i));
    objects.connections.push_back(connection);
  }
  EXPECT_TRUE(Pass(objects).settled());
  EXPECT_THAT(vault_.Secrets("claviger/prod/bindings/sa.reports.nightly"),
              ElementsAre("claviger/prod/bindings/sa.reports.nightly",
                          "claviger/prod/bindings/sa.reports.nightly/1"));
  EXPECT_THAT(vault_.Policy("claviger.prod.sa.reports.nightly"),
              HasSubstr("sa.reports.nightly/1"));
  vault_.ResetCounts();
  Pass(objects);
  EXPECT_EQ(vault_.calls(), 0);

  objects.connections.resize(1);
  EXPECT_TRUE(Pass(objects).settled());
  EXPECT_THAT(vault_.Secrets("claviger/prod/bindings/sa.reports.nightly"),
              ElementsAre("claviger/prod/bindings/sa.reports.nightly"));
  EXPECT_THAT(vault_.Policy("claviger.prod.sa.reports.nightly"),
              Not(HasSubstr("sa.reports.nightly/1")));
}

TEST_F(ReconcilerTest, ProblemsOfTheObjectsAreReported) {
  model::Objects objects = Quickstart();
  objects.connections[0].metadata.created = kNow;
  objects.connections.push_back(
      AConnection("thief/warehouse")
          .WithOwner(User("mallory"))
          .WithDefault(Kv2("secret", "sales/warehouse"))
          .Created(After(std::chrono::hours(1)), "later"));
  const op::PassReport report = Pass(objects);
  std::vector<std::string> objects_at_fault;
  for (const model::Problem& problem : report.problems) {
    objects_at_fault.push_back(problem.object);
  }
  EXPECT_THAT(objects_at_fault, Contains(HasSubstr("thief/warehouse")));
}

TEST_F(ReconcilerTest, ContinueBeforeAnyPassDoesNothing) {
  const op::PassReport report = (*process_)->Continue(kNow);
  EXPECT_EQ(vault_.calls(), 0);
  EXPECT_EQ(report.principals, 0u);
}

}  // namespace
}  // namespace claviger::testing
