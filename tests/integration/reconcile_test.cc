// SPDX-License-Identifier: Apache-2.0
//
// The reconciler on a whole Vault, the real one and the embedded one: it
// writes once, what it takes away is gone for tokens that live, service
// accounts log in by the roles it wrote, and it may be killed at any call.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "integration/vault_contract.h"
#include "operator/cluster_claim.h"
#include "operator/fence.h"
#include "operator/own_policy.h"
#include "operator/plan.h"
#include "operator/reconciler.h"
#include "operator/vault_store.h"
#include "support/builders.h"
#include "vault/kv.h"
#include "vault/policy.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Time kNow{std::chrono::seconds(1'767'225'600)};

/// Counts calls, and cuts the connection after some of them.
class Wire final : public vault::Api {
 public:
  explicit Wire(vault::Api& next) : next_(next) {}
  Result<vault::Answer> Do(const vault::Call& call) override {
    const bool reads =
        call.verb == vault::Verb::kRead || call.verb == vault::Verb::kList;
    if (cut_after >= 0 && calls >= cut_after) {
      return Fail(ErrorCode::kUnavailable, "cut off");
    }
    ++calls;
    if (!reads) ++writes;
    return next_.Do(call);
  }

  int calls = 0;
  int writes = 0;
  int cut_after = -1;

 private:
  vault::Api& next_;
};

/// A replica's login: a token that was made for it.
class HeldToken final : public op::AccessorSource {
 public:
  HeldToken(vault::Api& api, Secret token) {
    Result<vault::Login> login = vault::LoginWithToken(api, std::move(token));
    EXPECT_TRUE(login);
    if (login) login_ = *std::move(login);
  }
  Result<const Secret*> Token() override { return &login_.token; }
  bool Refused() override { return false; }
  const std::string& accessor() const override { return login_.accessor; }

 private:
  vault::Login login_;
};

class ReconcileTest : public VaultContractTest {
 protected:
  void SetUp() override {
    VaultContractTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    mount_ = NewKv();
    secret_ = NewKv();
    users_ = Fresh("users");
    accounts_ = Fresh("accounts");
    ASSERT_TRUE(vault().EnableKubernetes(accounts_));
    ASSERT_TRUE(vault::EnableAuthMount(api(), root(), users_, "jwt"));
    settings_.layout.cluster = Fresh("prod");
    settings_.layout.mount = mount_;
    settings_.layout.auth_mount = accounts_;
    settings_.layout.user_auth_mount = users_;
    settings_.layout.user_audiences = {"users"};
    settings_.layout.sidecar_audience = "claviger-test";
    settings_.snapshot.paths.own_mount = mount_;
    // Everything below is done with the rights that the operator asks for.
    const std::string own = Fresh("operator");
    ASSERT_TRUE(vault::WritePolicy(api(), root(), own,
                                   op::OwnPolicyText(settings_.layout)));
    own_ = NewToken(std::vector<std::string>{own});
    successor_ = NewToken(std::vector<std::string>{own});
    for (const char* path : {"sales/warehouse", "sales/nightly"}) {
      ASSERT_TRUE(
          vault::WriteKv2(api(), root(), secret_, path, R"({"user":"u"})", 0));
    }
  }

  model::Objects Quickstart() {
    model::Objects objects;
    objects.connections = {AConnection("sales/warehouse")
                               .WithOwner(User("erin"))
                               .WithMode(model::CredentialMode::kLayered)
                               .WithDefault(Kv2(secret_, "sales/warehouse"))};
    objects.grants = {AGrant("sales/nightly", "warehouse")
                          .To(Account("reports/nightly"))
                          .Allowing({model::Privilege::kUse})
                          .WithCredential(Kv2(secret_, "sales/nightly")),
                      AGrant("sales/closer", "warehouse")
                          .To(Account("finance/closer"))
                          .Allowing({model::Privilege::kUse})};
    objects.groups = {
        AGroup("finance").With(User("bob")).Claiming("groups", "fin-team")};
    return objects;
  }
  model::Objects Changed() {
    model::Objects objects = Quickstart();
    objects.grants.erase(objects.grants.begin());
    objects.grants[0].window.expires_at = kNow;
    objects.connections[0].sharing.mode = model::SharingMode::kOrganization;
    objects.service_accounts = {{"new", "comer"}};
    return objects;
  }

  /// One pass of a process of its own.
  op::PassReport Pass(const model::Objects& objects, Wire& wire) {
    op::FixedToken token(own_.Clone());
    op::VaultStore store(wire, token, mount_);
    op::Reconciler reconciler(settings_, store);
    return reconciler.Pass(objects, kNow);
  }
  op::PassReport Pass(const model::Objects& objects) {
    Wire wire(api());
    return Pass(objects, wire);
  }

  std::string Name(const std::string& id) {
    return "claviger." + settings_.layout.cluster + "." + id;
  }

  /// Everything of ours, as text to compare.
  std::string Dump() {
    std::map<std::string, std::string> all;
    const auto policies = vault::ListPolicies(api(), root()).value();
    for (const std::string& name : policies) {
      if (name.rfind(Name(""), 0) != 0) continue;
      all["policy " + name] = *vault::ReadPolicy(api(), root(), name);
    }
    for (const std::string& auth : {accounts_, users_}) {
      const auto roles = vault::ListRoles(api(), root(), auth).value();
      for (const std::string& name : roles) {
        all["role " + name] = *vault::ReadRole(api(), root(), auth, name);
      }
    }
    DumpFolder(settings_.layout.cluster, all);
    return nlohmann::json(all).dump(1);
  }

  std::string mount_, secret_, users_, accounts_;
  Secret own_;
  Secret successor_;
  op::ReconcilerSettings settings_;

 private:
  void DumpFolder(const std::string& folder,
                  std::map<std::string, std::string>& all) {
    const auto names = vault::ListKv2(api(), root(), mount_, folder).value();
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name;
      if (name.back() == '/') {
        DumpFolder(path.substr(0, path.size() - 1), all);
      } else {
        const auto entry = vault::ReadKv2(api(), root(), mount_, path);
        all["entry " + path] = std::string(entry->data.Reveal());
      }
    }
  }
};

TEST_F(ReconcileTest, WritesOnceAndNothingTheSecondTime) {
  const op::PassReport first = Pass(Quickstart());
  ASSERT_TRUE(first.settled());
  EXPECT_GT(first.writes(), 10u);
  const std::string settled = Dump();

  Wire wire(api());
  const op::PassReport second = Pass(Quickstart(), wire);
  EXPECT_TRUE(second.settled());
  EXPECT_EQ(wire.writes, 0);
  EXPECT_EQ(second.writes(), 0u) << second.changes[0].name;
  EXPECT_EQ(Dump(), settled);

  // And in one process, not even a read.
  op::FixedToken token(own_.Clone());
  op::VaultStore store(wire, token, mount_);
  op::Reconciler reconciler(settings_, store);
  reconciler.Pass(Quickstart(), kNow);
  wire.calls = 0;
  reconciler.Pass(Quickstart(), kNow);
  EXPECT_EQ(wire.calls, 0);
  EXPECT_EQ(wire.writes, 0);
}

TEST_F(ReconcileTest, ListsNamesWithItsOwnRightsAndReadsNothingElse) {
  settings_.many = 1;
  Wire wire(api());
  const op::PassReport first = Pass(Quickstart(), wire);
  ASSERT_TRUE(first.settled());
  EXPECT_FALSE(first.unlisted) << first.unlisted->message;
  // Few calls that write nothing: six lists, and the epoch.
  EXPECT_EQ(wire.calls - wire.writes, 7);
  const std::string settled = Dump();

  const op::PassReport second = Pass(Quickstart());
  EXPECT_TRUE(second.put_off);
  EXPECT_EQ(second.writes(), 0u);
  // Foreign things are found by the lists alone.
  ASSERT_TRUE(vault::WritePolicy(api(), root(), Name("sa.new.comer"), "{}"));
  model::Objects more = Quickstart();
  more.service_accounts = {{"new", "comer"}};
  EXPECT_EQ(Pass(more).conflicts.size(), 1u);
  EXPECT_EQ(*vault::ReadPolicy(api(), root(), Name("sa.new.comer")), "{}");
}

TEST_F(ReconcileTest, DeletedGrantCutsALivingTokensNextRead) {
  Pass(Quickstart());
  const Secret token =
      NewToken({Name("everyone.sa"), Name("sa.reports.nightly")});
  const std::string path = secret_ + "/data/sales/nightly";
  EXPECT_EQ(Outcome(token, vault::Verb::kRead, path), "ok");
  model::Objects without = Quickstart();
  without.grants.erase(without.grants.begin());
  without.service_accounts = {{"reports", "nightly"}};
  ASSERT_TRUE(Pass(without).settled());
  EXPECT_EQ(Outcome(token, vault::Verb::kRead, path), "permission_denied");
}

TEST_F(ReconcileTest, DeletedPrincipalCutsItsLivingToken) {
  Pass(Quickstart());
  const Secret token =
      NewToken({Name("everyone.sa"), Name("sa.finance.closer")});
  const std::string path = secret_ + "/data/sales/warehouse";
  EXPECT_EQ(Outcome(token, vault::Verb::kRead, path), "ok");
  model::Objects without = Quickstart();
  without.grants.pop_back();
  ASSERT_TRUE(Pass(without).settled());
  EXPECT_EQ(Outcome(token, vault::Verb::kRead, path), "permission_denied");
}

TEST_F(ReconcileTest, ServiceAccountLogsInByItsRoleAndReadsWhatIsIts) {
  ASSERT_TRUE(Pass(Quickstart()).settled());
  const auto jwt =
      vault().ServiceAccountToken("reports", "nightly", "claviger-test");
  ASSERT_TRUE(jwt) << jwt.error().message;
  const auto login = vault::LoginWithJwt(
      api(), accounts_, Name("sa.reports.nightly"), Secret(std::string(*jwt)));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(
      std::set<std::string>(login->policies.begin(), login->policies.end()),
      (std::set<std::string>{Name("everyone.sa"), Name("sa.reports.nightly")}));
  const std::string bindings =
      mount_ + "/data/" + settings_.layout.cluster + "/bindings/";
  for (const std::string& path :
       {bindings + "sa.reports.nightly", bindings + "everyone.sa",
        secret_ + "/data/sales/nightly", secret_ + "/data/sales/warehouse"}) {
    EXPECT_EQ(Outcome(login->token, vault::Verb::kRead, path), "ok") << path;
  }
  for (const std::string& path :
       {bindings + "sa.finance.closer",
        mount_ + "/data/" + settings_.layout.cluster + "/ledger/claim",
        std::string("sys/policies/acl/") + Name("everyone.sa")}) {
    EXPECT_EQ(Outcome(login->token, vault::Verb::kRead, path),
              "permission_denied")
        << path;
  }
  // Nobody else by the same role.
  const auto other =
      vault().ServiceAccountToken("reports", "daily", "claviger-test");
  ASSERT_TRUE(other);
  EXPECT_EQ(
      CodeOf(vault::LoginWithJwt(api(), accounts_, Name("sa.reports.nightly"),
                                 Secret(std::string(*other)))),
      "permission_denied");
}

TEST_F(ReconcileTest, KilledAtAnyOfManyCallsAndStartedAgainReachesTheEnd) {
  ASSERT_TRUE(Pass(Quickstart()).settled());
  Wire whole(api());
  ASSERT_TRUE(Pass(Changed(), whole).settled());
  const std::string end = Dump();
  const int step = std::max(1, whole.calls / 24);
  for (int n = 0; n <= whole.calls; n += step) {
    ASSERT_TRUE(Pass(Quickstart()).settled()) << n;
    Wire cut(api());
    cut.cut_after = n;
    Pass(Changed(), cut);
    const op::PassReport again = Pass(Changed());
    ASSERT_TRUE(again.settled()) << n;
    ASSERT_THAT(again.conflicts, IsEmpty()) << n;
    ASSERT_EQ(Dump(), end) << "cut off after " << n << " calls";
  }
}

TEST_F(ReconcileTest, ForeignPolicyIsReportedAndLeftAlone) {
  const std::string name = Name("sa.reports.nightly");
  const std::string theirs = PolicyText({{"theirs/x", {"read"}}});
  ASSERT_TRUE(vault::WritePolicy(api(), root(), name, theirs));
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(*vault::ReadPolicy(api(), root(), name), theirs);
}

TEST_F(ReconcileTest, HandEditsAreRestored) {
  ASSERT_TRUE(Pass(Quickstart()).settled());
  const std::string settled = Dump();
  const std::string name = Name("sa.reports.nightly");
  ASSERT_TRUE(vault::WritePolicy(api(), root(), name, "{}"));
  ASSERT_TRUE(vault::WriteRole(
      api(), root(), accounts_, name,
      R"({"bound_service_account_names":["*"],"token_period":3600})"));
  const op::PassReport report = Pass(Quickstart());
  EXPECT_TRUE(report.settled());
  EXPECT_THAT(report.changes, SizeIs(2));
  EXPECT_EQ(Dump(), settled);
}

TEST_F(ReconcileTest, EverythingIsRemovedWithoutATrace) {
  ASSERT_TRUE(Pass(Quickstart()).settled());
  settings_.layout.user_auth_mount.clear();
  ASSERT_TRUE(Pass({}).settled());
  // everyone.sa always exists, and so does the count of passes that wrote.
  const nlohmann::json left = nlohmann::json::parse(Dump());
  for (const auto& [name, text] : left.items()) {
    const bool stays = name.find("everyone.sa") != std::string::npos ||
                       name.find("ledger/epoch") != std::string::npos;
    EXPECT_TRUE(stays) << name;
  }
}

TEST_F(ReconcileTest, OperatorCannotReadACredential) {
  ASSERT_TRUE(Pass(Quickstart()).settled());
  EXPECT_EQ(Outcome(own_, vault::Verb::kRead, secret_ + "/data/sales/nightly"),
            "permission_denied");
  EXPECT_EQ(Outcome(own_, vault::Verb::kRead,
                    mount_ + "/data/" + settings_.layout.cluster +
                        "/personal/sa.reports.nightly/uid/x"),
            "permission_denied");
}

TEST_F(ReconcileTest, PlanWritesNothing) {
  Wire wire(api());
  op::FixedToken token(own_.Clone());
  op::VaultStore store(wire, token, mount_);
  const auto plan = op::Plan(settings_, store, Quickstart(), kNow);
  ASSERT_TRUE(plan);
  EXPECT_GT(plan->changes.size(), 10u);
  EXPECT_EQ(wire.writes, 0);
}

TEST_F(ReconcileTest, ClusterNameIsClaimedOnce) {
  op::FixedToken token(own_.Clone());
  op::VaultStore store(api(), token, mount_);
  const std::string& cluster = settings_.layout.cluster;
  ASSERT_TRUE(op::ClaimCluster(store, cluster, "uid-1"));
  ASSERT_TRUE(op::ClaimCluster(store, cluster, "uid-1"));
  EXPECT_EQ(CodeOf(op::ClaimCluster(store, cluster, "uid-2")), "conflict");
}

// With the rights that the operator asks for, and no more.
TEST_F(ReconcileTest, VaultRefusesAFormerLeadersWrite) {
  const auto& layout = settings_.layout;
  HeldToken former(api(), own_.Clone());
  op::Fence old(api(), former, layout.mount, layout.cluster);
  ASSERT_TRUE(old.TakeOver());
  op::VaultStore writes(api(), old, layout.mount);
  const std::string name = "claviger." + layout.cluster + ".sa.a.b";
  ASSERT_TRUE(writes.WritePolicy(name, R"({"path":{}})"));

  HeldToken later(api(), successor_.Clone());
  op::Fence next(api(), later, layout.mount, layout.cluster);
  const Status taken = next.TakeOver();
  ASSERT_TRUE(taken) << taken.error().message;
  const Status late = writes.DeletePolicy(name);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kPermissionDenied);
  op::VaultStore successor(api(), next, layout.mount);
  EXPECT_TRUE(successor.ReadPolicy(name));
  EXPECT_TRUE(successor.DeletePolicy(name));
  ASSERT_TRUE(next.StepDown());
}

}  // namespace
}  // namespace claviger::testing
