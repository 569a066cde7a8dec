// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of an answer, key by key.
#include "access/explain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Question;
using model::CredentialMode;
using model::SharingMode;

Time Now() { return *ParseRfc3339("2026-12-01T00:00:00Z"); }

const Caller kNightly = Caller::ServiceAccount("reports", "nightly");

// Shared with all, and two credentials for nightly's group finance-team.
model::Objects Warehouse() {
  model::Objects objects;
  objects.groups = {AGroup("finance").With(Account("reports/nightly")),
                    AGroup("biz").With(InGroup("finance"))};
  objects.connections = {AConnection("sales/warehouse")
                             .WithOwner(User("erin"))
                             .Shared(SharingMode::kOrganization)
                             .WithMode(CredentialMode::kLayered)};
  objects.grants = {AGrant("sales/finance-team", "warehouse")
                        .To(InGroup("finance"))
                        .WithCredential(Kv2("secret", "sales/fin"))};
  return objects;
}

std::string Json(const model::Objects& objects, const Caller& caller,
                 const std::string& connection,
                 const Question& question = Question()) {
  const access::Snapshot snapshot = Judge(objects);
  return DumpJson(ToJson(
      access::Explain(snapshot, caller, Ref(connection), question, Now())));
}

TEST(ExplainJsonTest, IsOneObjectWithItsKeysInOrderForAnAllow) {
  const std::string expected =
      R"j({"outcome":"Allow","status":200,"reason":"Allowed",)j"
      R"j("connection":"sales/warehouse","caller":"sa/reports/nightly",)j"
      R"j("slot":"grant/finance-team","depth":1,)j"
      R"j("credential":{"engine":"kv2","mount":"secret","path":"sales/fin"},)j"
      R"j("delivery":"inject","validUntil":null,"steps":[)j"
      R"j({"step":"membership","result":"finance (1), biz (2)"},)j"
      R"j({"step":"use","result":"allowed by sharing mode Organization"},)j"
      R"j({"step":"select",)j"
      R"j("result":"grant/finance-team: nearest (depth 1)"}]})j";
  EXPECT_EQ(Json(Warehouse(), kNightly, "sales/warehouse"), expected);
}

TEST(ExplainJsonTest, IsOneObjectWithItsKeysInOrderForADeny) {
  model::Objects objects = Warehouse();
  objects.grants.push_back(AGrant("sales/a", "warehouse")
                               .To(InGroup("finance"))
                               .WithCredential(Kv2("secret", "sales/other")));
  const auto json =
      nlohmann::ordered_json::parse(Json(objects, kNightly, "sales/warehouse"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"outcome", "status", "reason",
                                            "connection", "caller", "slots",
                                            "detail", "fix", "steps"}));
  EXPECT_EQ(json["outcome"], "Deny");
  EXPECT_EQ(json["status"], 409);
  EXPECT_EQ(json["reason"], "AmbiguousCredential");
  EXPECT_EQ(json["slots"],
            nlohmann::ordered_json({"grant/a", "grant/finance-team"}));
}

TEST(ExplainJsonTest, WritesNullWhereThereIsNothing) {
  model::Objects objects = Warehouse();
  objects.grants.clear();
  objects.connections[0].credentials.default_slot =
      model::DefaultSlot{Kv2("secret", "sales/dw"), false};
  auto json = nlohmann::json::parse(Json(objects, kNightly, "sales/warehouse"));
  EXPECT_EQ(json["slot"], "default");
  EXPECT_EQ(json["depth"], nullptr);
  Question enrolled;
  enrolled.enrolled = true;
  json = nlohmann::json::parse(
      Json(objects, kNightly, "sales/warehouse", enrolled));
  EXPECT_EQ(json["slot"], "personal");
  EXPECT_EQ(json["depth"], 0);
  EXPECT_EQ(json["credential"], nullptr);
}

TEST(ExplainJsonTest, SaysUntilWhenTheAnswerHolds) {
  model::Objects objects = Warehouse();
  objects.grants[0].window.expires_at =
      Now() + std::chrono::milliseconds(86'400'999);
  const auto json =
      nlohmann::json::parse(Json(objects, kNightly, "sales/warehouse"));
  EXPECT_EQ(json["validUntil"], "2026-12-02T00:00:00Z");
}

TEST(ExplainJsonTest, ShowsAWholeVaultReference) {
  model::VaultRef ref = Kv2("secret", "sales/dw");
  ref.version = 3;
  ref.keys = {{"username", "user"}, {"password", "pass"}};
  EXPECT_EQ(DumpJson(access::ToJson(ref)),
            R"({"engine":"kv2","mount":"secret","path":"sales/dw",)"
            R"("version":3,"keys":{"password":"pass","username":"user"}})");
  EXPECT_EQ(DumpJson(access::ToJson(DatabaseRole("database", "sales.ro"))),
            R"({"engine":"database","mount":"database","role":"sales.ro"})");
}

std::string WithoutSteps(const access::Explanation& explanation) {
  nlohmann::ordered_json json = ToJson(explanation);
  json.erase("steps");
  return DumpJson(json);
}

// Unknown, invisible, behind a gate, refused and invisible: one answer.
TEST(ExplainJsonTest, IsByteIdenticalForEverythingNotVisible) {
  const Caller stranger = Caller::User("stranger");
  const auto answer = [&](const model::Objects& objects) {
    const access::Snapshot snapshot = Judge(objects);
    return WithoutSteps(access::Explain(
        snapshot, stranger, Ref("sales/warehouse"), Question(), Now()));
  };
  const std::string unknown = answer({});
  EXPECT_NE(unknown.find("\"status\":404"), std::string::npos);
  model::Objects hidden = Warehouse();
  hidden.connections[0].sharing.mode = SharingMode::kPrivate;
  EXPECT_EQ(answer(hidden), unknown);
  model::Objects broken = hidden;
  broken.connections[0].refused = model::Refusal{"InvalidSpec", "x", "y"};
  EXPECT_EQ(answer(broken), unknown);
  model::Objects gated = Warehouse();
  gated.connections[0].workloads = {{"reports", std::nullopt}};
  EXPECT_EQ(answer(gated), unknown);
  model::Objects ending = hidden;
  ending.grants.push_back(AGrant("sales/soon", "warehouse")
                              .To(User("stranger"))
                              .Allowing({model::Privilege::kUse})
                              .From(Now() + std::chrono::seconds(1)));
  EXPECT_EQ(answer(ending), unknown);
}

TEST(ExplainTest, DecidesFromABindingAsFromTheObjects) {
  const access::Snapshot snapshot = Judge(Warehouse());
  const auto binding =
      access::Project(snapshot, kNightly, Ref("sales/warehouse"));
  ASSERT_TRUE(binding);
  EXPECT_EQ(
      WithoutSteps(access::Explain(&*binding, kNightly, Ref("sales/warehouse"),
                                   Question(), Now())),
      WithoutSteps(access::Explain(snapshot, kNightly, Ref("sales/warehouse"),
                                   Question(), Now())));
  EXPECT_EQ(access::Explain(nullptr, kNightly, Ref("sales/warehouse"),
                            Question(), Now())
                .decision.reason,
            access::Reason::kNotVisible);
}

// The Vault reference must not point into what is gone.
TEST(ExplainTest, OutlivesTheBindingAndTheSnapshotItCameFrom) {
  access::Explanation kept = [] {
    const access::Snapshot snapshot = Judge(Warehouse());
    return access::Explain(snapshot, kNightly, Ref("sales/warehouse"),
                           Question(), Now());
  }();
  const access::Explanation moved = std::move(kept);
  ASSERT_NE(moved.decision.vault, nullptr);
  EXPECT_EQ(moved.decision.vault->path, "sales/fin");
}

}  // namespace
}  // namespace claviger::testing
