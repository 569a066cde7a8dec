// SPDX-License-Identifier: Apache-2.0
//
// The contract on single objects and on collections: see kube_contract.h.
#include <thread>

#include "integration/kube_contract.h"
#include "kube/event.h"
#include "kube/lease.h"
#include "kube/lease_lock.h"
#include "support/fake_random.h"

namespace claviger::testing {
namespace {

using kube::kGrants;
using kube::kServiceAccounts;
using nlohmann::json;

const char kFinalizer[] = "claviger.io/vault";

TEST_F(KubeContractTest, GivesANewObjectWhatTheServerKeeps) {
  const json grant = MakeGrant("a");
  EXPECT_EQ(grant["metadata"]["generation"], 1);
  EXPECT_EQ(grant["metadata"]["namespace"], ns());
  EXPECT_NE(grant["metadata"].value("uid", ""), "");
  EXPECT_NE(grant["metadata"].value("creationTimestamp", ""), "");
  EXPECT_NE(Version(grant), "");
  EXPECT_EQ(grant["kind"], "Grant");
  EXPECT_EQ(GetGrant("a"), grant);
}

TEST_F(KubeContractTest, TakesANameOnce) {
  const json grant = MakeGrant("a");
  json again = grant;
  again["metadata"] = {{"name", "a"}};
  EXPECT_EQ(CodeOf(client().Create(kGrants, ns(), again.dump())), "conflict");
}

TEST_F(KubeContractTest, PutsNothingIntoANamespaceThatIsNotThere) {
  json grant = MakeGrant("a");
  grant["metadata"] = {{"name", "a"}};
  EXPECT_EQ(CodeOf(client().Create(kGrants, "nowhere", grant.dump())),
            "not_found");
}

TEST_F(KubeContractTest, TellsAnAbsentObjectFromAKindThatIsNotServed) {
  EXPECT_EQ(CodeOf(client().Get(kGrants, Name("none"))), "not_found");
  constexpr kube::Resource kOther{"claviger.io", "v1alpha1", "others", "Other"};
  EXPECT_EQ(CodeOf(client().Get(kOther, Name("none"))), "unsupported");
  EXPECT_EQ(Pages(kOther, 5, {}), "unsupported");
}

TEST_F(KubeContractTest, SaysItsVersion) {
  const auto version = client().Version();
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_GE(*version, (kube::ServerVersion{1, 29}));
  EXPECT_LT(*version, (kube::ServerVersion{2, 0}));
}

TEST_F(KubeContractTest, CountsGenerationsOfTheSpecOnly) {
  MakeGrant("a");
  json stored;
  EXPECT_EQ(PatchGrant("a", {{"spec", {{"reason", "new"}}}}, &stored), "ok");
  EXPECT_EQ(stored["metadata"]["generation"], 2);
  EXPECT_EQ(
      PatchGrant("a", {{"metadata", {{"labels", {{"x", "y"}}}}}}, &stored),
      "ok");
  EXPECT_EQ(stored["metadata"]["generation"], 2);
  EXPECT_EQ(CodeOf(client().PatchStatus(kGrants, Name("a"),
                                        R"({"observedGeneration":2})")),
            "ok");
  const json now = GetGrant("a");
  EXPECT_EQ(now["metadata"]["generation"], 2);
  EXPECT_NE(Version(now), Version(stored));
}

TEST_F(KubeContractTest, StoresNothingWhenNothingChanges) {
  const json grant = MakeGrant("a");
  json stored;
  EXPECT_EQ(PatchGrant("a", {{"spec", {{"reason", "first"}}}}, &stored), "ok");
  EXPECT_EQ(Version(stored), Version(grant));
}

TEST_F(KubeContractTest, RemovesAFieldByANullInThePatch) {
  MakeGrant("a");
  json stored;
  EXPECT_EQ(PatchGrant("a", {{"spec", {{"reason", nullptr}}}}, &stored), "ok");
  EXPECT_FALSE(stored["spec"].contains("reason"));
}

TEST_F(KubeContractTest, KeepsStatusApartFromTheRest) {
  MakeGrant("a");
  json stored;
  EXPECT_EQ(PatchGrant("a", {{"status", {{"observedGeneration", 7}}}}, &stored),
            "ok");
  EXPECT_FALSE(stored.contains("status"));
  const json status{{"spec", {{"reason", "by status"}}},
                    {"status", {{"observedGeneration", 1}}}};
  EXPECT_EQ(CodeOf(client().Patch(kGrants, Name("a"), status.dump(), "status")),
            "ok");
  stored = GetGrant("a");
  EXPECT_EQ(stored["spec"]["reason"], "first");
  EXPECT_EQ(stored["status"]["observedGeneration"], 1);
}

TEST_F(KubeContractTest, RefusesAPatchOfAnotherVersion) {
  const json grant = MakeGrant("a");
  EXPECT_EQ(CodeOf(client().PatchFinalizers(kGrants, Name("a"), {kFinalizer},
                                            Version(grant))),
            "ok");
  EXPECT_EQ(
      CodeOf(client().PatchFinalizers(kGrants, Name("a"), {}, Version(grant))),
      "conflict");
  EXPECT_EQ(
      CodeOf(client().PatchStatus(kGrants, Name("a"), "{}", Version(grant))),
      "conflict");
  EXPECT_EQ(GetGrant("a")["metadata"]["finalizers"], json::array({kFinalizer}));
}

TEST_F(KubeContractTest, KeepsAnObjectUntilItsFinalizersAreGone) {
  json grant = MakeGrant("a", "x", {{"finalizers", {kFinalizer}}});
  const std::string uid = grant["metadata"]["uid"];
  EXPECT_EQ(CodeOf(client().Delete(kGrants, Name("a"), uid)), "ok");
  grant = GetGrant("a");
  EXPECT_NE(grant["metadata"].value("deletionTimestamp", ""), "");
  EXPECT_EQ(grant["metadata"]["generation"], 2);
  EXPECT_EQ(CodeOf(client().Delete(kGrants, Name("a"), uid)), "ok");
  EXPECT_EQ(Version(GetGrant("a")), Version(grant));
  EXPECT_EQ(CodeOf(client().PatchFinalizers(kGrants, Name("a"),
                                            {kFinalizer, "claviger.io/more"},
                                            Version(grant))),
            "invalid_argument");
  EXPECT_EQ(
      CodeOf(client().PatchFinalizers(kGrants, Name("a"), {}, Version(grant))),
      "ok");
  EXPECT_EQ(CodeOf(client().Get(kGrants, Name("a"))), "not_found");
  EXPECT_EQ(Events(kGrants, Version(grant), 1), "DELETED a");
}

TEST_F(KubeContractTest, DeletesOnlyTheUidThatIsMeant) {
  const std::string uid = MakeGrant("a")["metadata"]["uid"];
  EXPECT_EQ(CodeOf(client().Delete(kGrants, Name("a"),
                                   "00000000-0000-0000-0000-000000000000")),
            "conflict");
  EXPECT_EQ(CodeOf(client().Delete(kGrants, Name("a"), uid)), "ok");
  EXPECT_EQ(CodeOf(client().Delete(kGrants, Name("a"), uid)), "not_found");
}

TEST_F(KubeContractTest, ListsByPageInTheOrderOfNames) {
  for (const char* name : {"c", "a", "e", "b", "d"}) MakeGrant(name);
  EXPECT_EQ(Pages(kGrants, 2, {ns(), ""}), "a b | c d | e");
  EXPECT_EQ(Pages(kGrants, 5, {ns(), ""}), "a b c d e");
  EXPECT_EQ(Pages(kGrants, 5, {"nowhere", ""}), "");
}

TEST_F(KubeContractTest, WatchesFromAVersionInOrder) {
  const json first = MakeGrant("a");
  MakeGrant("b");
  PatchGrant("a", {{"spec", {{"reason", "new"}}}});
  EXPECT_EQ(
      CodeOf(client().Delete(kGrants, Name("b"),
                             std::string(GetGrant("b")["metadata"]["uid"]))),
      "ok");
  EXPECT_EQ(Events(kGrants, Version(first), 3), "ADDED b MODIFIED a DELETED b");
}

TEST_F(KubeContractTest, SaysThatAVersionIsTooOld) {
  MakeGrant("a");
  server().Forget();
  EXPECT_EQ(Events(kGrants, "1", 1), "EXPIRED");
}

TEST_F(KubeContractTest, SendsMetadataOnlyWhereAsked) {
  const json first = MakeGrant("mark");
  MakeServiceAccount("bot", {{"x", "y"}});
  std::string text;
  ASSERT_TRUE(client().ListPage(
      kServiceAccounts, {{ns(), "x=y"}, "", 500},
      [&](const kube::ObjectView& object) { text = object.json; }));
  json object = json::parse(text, nullptr, false);
  EXPECT_EQ(object["metadata"]["name"], "bot");
  // In a list the items need not say their kind.
  object.erase("kind");
  object.erase("apiVersion");
  EXPECT_EQ(object.size(), 1U);
  EXPECT_EQ(Events(kServiceAccounts, Version(first), 1), "ADDED bot");
}

TEST_F(KubeContractTest, TellsAnObjectThatLeavesTheSelectionAsDeleted) {
  const json first = MakeGrant("mark");
  MakeServiceAccount("bot", {{"x", "y"}});
  MakeServiceAccount("other");
  const auto relabel = [&](const json& value) {
    return CodeOf(client().Patch(
        kServiceAccounts, Name("bot"),
        json{{"metadata", {{"labels", {{"x", value}}}}}}.dump()));
  };
  EXPECT_EQ(relabel("z"), "ok");
  EXPECT_EQ(relabel("y"), "ok");
  EXPECT_EQ(Events(kServiceAccounts, Version(first), 3, "x=y"),
            "ADDED bot DELETED bot ADDED bot");
}

TEST_F(KubeContractTest, ClosesANamespaceThatIsBeingDeleted) {
  const auto found = client().Get(kube::kNamespaces, {"", ns()});
  ASSERT_TRUE(found);
  const std::string uid = json::parse(*found)["metadata"]["uid"];
  json grant = MakeGrant("a", "x", {{"finalizers", {kFinalizer}}});
  EXPECT_EQ(CodeOf(client().Delete(kube::kNamespaces, {"", ns()}, uid)), "ok");
  json another = grant;
  another["metadata"] = {{"name", "b"}};
  EXPECT_EQ(CodeOf(client().Create(kGrants, ns(), another.dump())),
            "permission_denied");
  // What is in it can still be let go.
  EXPECT_EQ(CodeOf(client().PatchStatus(kGrants, Name("a"),
                                        R"({"observedGeneration":1})")),
            "ok");
  EXPECT_EQ(CodeOf(client().PatchFinalizers(kGrants, Name("a"), {},
                                            Version(GetGrant("a")))),
            "ok");
}

TEST_F(KubeContractTest, KeepsALeaseByCompareAndSet) {
  kube::Lease lease;
  lease.holder = "a";
  lease.acquired = lease.renewed =
      Time(std::chrono::milliseconds(1'767'225'600'123));
  EXPECT_EQ(CodeOf(kube::GetLease(client(), Name("l"))), "not_found");
  const auto made = kube::CreateLease(client(), Name("l"), lease);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(CodeOf(kube::CreateLease(client(), Name("l"), lease)), "conflict");
  kube::Lease renewed = *made;
  renewed.transitions = 4;
  ASSERT_TRUE(kube::UpdateLease(client(), Name("l"), renewed));
  EXPECT_EQ(CodeOf(kube::UpdateLease(client(), Name("l"), renewed)),
            "conflict");
  const auto found = kube::GetLease(client(), Name("l"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->holder, "a");
  EXPECT_EQ(found->transitions, 4);
  EXPECT_EQ(found->renewed, lease.renewed);
  EXPECT_EQ(found->duration, std::chrono::seconds(15));
}

TEST_F(KubeContractTest, HandsALeaseOver) {
  FakeRandom random;
  const kube::LeaseLock::Now now{SteadyTime(std::chrono::seconds(1'000)),
                                 Time(std::chrono::seconds(1'767'225'600))};
  kube::LeaseLock a(client(), {.lease = Name("l"), .identity = "a"}, random);
  kube::LeaseLock b(client(), {.lease = Name("l"), .identity = "b"}, random);
  EXPECT_TRUE(a.Step(now).leads);
  EXPECT_TRUE(a.Step(now).leads);
  EXPECT_FALSE(b.Step(now).leads);
  EXPECT_TRUE(a.Release(now));
  EXPECT_TRUE(b.Step(now).leads);
  EXPECT_EQ(b.transitions(), 1);
}

TEST_F(KubeContractTest, TakesEvents) {
  const json grant = MakeGrant("a");
  kube::EventRecord record;
  record.resource = kGrants;
  record.object = Name("a");
  record.uid = grant["metadata"]["uid"];
  record.resource_version = Version(grant);
  record.warning = true;
  record.reason = "Conflict";
  record.action = "Write";
  record.message = "somebody else's policy";
  record.reporting_instance = "claviger-operator-0";
  const Status written = kube::WriteEvent(
      client(), record, Time(std::chrono::seconds(1'767'225'600)));
  ASSERT_TRUE(written) << written.error().message;
  json event;
  ASSERT_TRUE(client().ListPage(kube::kEvents, {{ns(), ""}, "", 500},
                                [&](const kube::ObjectView& object) {
                                  event = json::parse(object.json);
                                }));
  EXPECT_EQ(event["involvedObject"]["uid"], record.uid);
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "Conflict");
  EXPECT_EQ(event["message"], record.message);
}

}  // namespace
}  // namespace claviger::testing
