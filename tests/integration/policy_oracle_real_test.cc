// SPDX-License-Identifier: Apache-2.0
//
// Random worlds, reconciled into a real Vault: what each principal's token may
// really do there is what the oracle says, and nothing else. Each world is a
// cluster of its own in the same Vault, so the others' names are among what
// must not open. Service accounts log in with tokens that a real API server
// reviews, users with signed ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "access/compile.h"
#include "access/policy.h"
#include "http/curl_client.h"
#include "operator/reconciler.h"
#include "operator/vault_store.h"
#include "support/oracle.h"
#include "support/real_servers.h"
#include "support/test_jwt.h"
#include "support/world.h"
#include "vault/auth.h"
#include "vault/http_api.h"
#include "vault/sys.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Principal;
using nlohmann::json;
using vault::Verb;

constexpr uint64_t kWorlds = 200;
constexpr char kAudience[] = "claviger-sidecar";
constexpr char kUserAudience[] = "apps";

using Capabilities = std::map<std::string, std::set<std::string>>;

// What all worlds share: one Vault, one API server, one identity provider.
struct Servers {
  std::unique_ptr<RealKubeApiServer> kube;
  std::unique_ptr<RealVault> vault;
  JwtSigner users;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<vault::Api> api;
  Secret root;
};

Status Configure(Servers& servers) {
  const RealVault& vault = *servers.vault;
  const auto call = [&vault](const std::string& path, const json& body) {
    return vault.Call("POST", path, body.dump());
  };
  const auto ok = [](const Result<HttpAnswer>& answer) -> Status {
    if (!answer) return Fail(answer.error());
    if (!answer->ok()) return Fail(ErrorCode::kInternal, answer->body);
    return {};
  };
  Status done = vault.EnableSecrets("claviger", "kv-v2");
  for (const char* mount : {"secret", "team"}) {
    if (done) done = vault.EnableSecrets(mount, "kv-v2");
  }
  if (done) done = vault.EnableSecrets("kv", "kv");
  if (done) done = vault.EnableAuth("claviger-users", "jwt");
  if (done) {
    done = ok(call("auth/claviger-users/config",
                   {{"jwt_validation_pubkeys", {servers.users.public_pem()}}}));
  }
  if (done) done = ConfigureKubernetesAuth(vault, *servers.kube, "claviger");
  for (const model::ObjectRef& account : WorldAccounts()) {
    if (done) done = servers.kube->CreateNamespace(account.ns);
    if (done) {
      done = servers.kube->CreateServiceAccount(account.ns, account.name);
    }
  }
  return done;
}

Result<std::unique_ptr<Servers>> StartServers() {
  auto servers = std::make_unique<Servers>();
  auto vault = RealVault::Start();
  if (!vault) return Fail(std::move(vault).error());
  auto kube = RealKubeApiServer::Start();
  if (!kube) return Fail(std::move(kube).error());
  servers->vault = *std::move(vault);
  servers->kube = *std::move(kube);
  servers->client = *http::MakeCurlClient({});
  servers->api = *vault::MakeHttpApi({.address = servers->vault->address()},
                                     *servers->client);
  servers->root = Secret(std::string(servers->vault->root_token()));
  if (Status done = Configure(*servers); !done) return Fail(done.error());
  return servers;
}

// One world as a cluster in that Vault.
class Site {
 public:
  Site(Servers& servers, uint64_t seed, const std::string& cluster)
      : servers_(servers),
        world_(WithUids(RandomWorld(seed, {4, 5, true}))),
        settings_(SettingsFor(cluster)),
        snapshot_(world_.objects, settings_.snapshot),
        compiler_(snapshot_, true, settings_.extra_accounts),
        token_(servers.root.Clone()),
        store_(*servers.api, token_, settings_.layout.mount),
        reconciler_(settings_, store_) {}

  const World& world() const { return world_; }
  const access::VaultLayout& layout() const { return settings_.layout; }
  const std::vector<Principal>& principals() const {
    return compiler_.principals();
  }
  const model::Claim* ClaimOf(const Principal& principal) const {
    for (const model::Group& group : world_.objects.groups) {
      if (principal.kind == Principal::Kind::kClaimGroup &&
          group.metadata.name == principal.name) {
        return &*group.claim;
      }
    }
    return nullptr;
  }

  /// Brings Vault to the world at `now`; a failure says what did not work.
  void Reconcile(Time now);
  /// Every path worth asking for, in whatever cluster.
  std::vector<std::string> Probes(const std::string& other_cluster) const;
  /// What a login of `principal` may do; what is not in it is denied.
  Capabilities Expected(const Principal& principal, Time now) const;
  /// Compares that with what Vault says about `token`.
  void Check(const Principal& principal, const Secret& token,
             const std::vector<std::string>& probes, Time now) const;
  /// A token with the policies that a login of `principal` gets.
  Secret TokenFor(const Principal& principal) const;

 private:
  // Of all accounts but one.
  static World WithUids(World world) {
    for (const model::ObjectRef& account : WorldAccounts()) {
      if (account == WorldAccounts().front()) continue;
      world.objects.account_uids[account] = "uid-of-" + account.name;
    }
    return world;
  }
  std::string SlotOf(const model::ObjectRef& account,
                     const std::string& connection_uid) const {
    const auto uid = world_.objects.account_uids.find(account);
    const auto slot = access::PersonalPathOf(
        settings_.layout.cluster,
        Principal::ServiceAccount(account.ns, account.name),
        uid == world_.objects.account_uids.end() ? "unknown" : uid->second,
        connection_uid);
    return slot.value_or("");
  }
  static op::ReconcilerSettings SettingsFor(const std::string& cluster) {
    op::ReconcilerSettings settings;
    settings.layout.cluster = cluster;
    settings.layout.user_auth_mount = "claviger-users";
    settings.layout.user_audiences = {kUserAudience};
    settings.layout.sidecar_audience = kAudience;
    settings.extra_accounts = {WorldAccounts().back()};
    return settings;
  }

  Servers& servers_;
  World world_;
  op::ReconcilerSettings settings_;
  access::Snapshot snapshot_;
  access::Compiler compiler_;
  op::FixedToken token_;
  op::VaultStore store_;
  op::Reconciler reconciler_;
  bool reconciled_ = false;
};

void Site::Reconcile(Time now) {
  const op::PassReport report = reconciled_
                                    ? reconciler_.Continue(now)
                                    : reconciler_.Pass(world_.objects, now);
  reconciled_ = true;
  ASSERT_FALSE(report.interrupted) << report.interrupted->message;
  for (const op::Failure& failure : report.failures) {
    ADD_FAILURE() << failure.principal << ": " << failure.error.message;
  }
  ASSERT_TRUE(report.conflicts.empty()) << report.conflicts.front().what;
  ASSERT_EQ(report.principals, principals().size()) << Describe(world_);
}

// The forms in which one credential could be got at, not only read.
void AddCredential(const model::VaultRef& ref, std::set<std::string>& probes) {
  const std::string path = ApiPath(ref);
  probes.insert(path);
  probes.insert(path + "/x");
  probes.insert(path.substr(0, path.size() - 1));
  probes.insert(path.substr(0, path.rfind('/') + 1));
  if (ref.engine == model::Engine::kKv2) {
    for (const char* verb : {"metadata/", "delete/", "destroy/", "undelete/"}) {
      probes.insert(ref.mount + "/" + verb + ref.path);
    }
  }
}

// What is ours around one principal: its entries, and what gives it its rights.
void AddPrincipal(const std::string& cluster, const Principal& principal,
                  std::set<std::string>& probes) {
  const std::string bindings = access::BindingsPathOf(cluster, principal);
  const std::string slot =
      access::PersonalRoot(cluster) + "/" + IdOf(principal) + "/sa-uid/c-uid";
  for (const std::string& path : {bindings, slot}) {
    probes.insert("claviger/data/" + path);
    probes.insert("claviger/data/" + path + "/1");
    probes.insert("claviger/metadata/" + path);
  }
  const std::string name = access::VaultNameOf(cluster, principal);
  probes.insert("sys/policies/acl/" + name);
  probes.insert(principal.kind == Principal::Kind::kServiceAccount
                    ? "auth/claviger/role/" + name
                    : "auth/claviger-users/role/" + name);
}

std::vector<std::string> Site::Probes(const std::string& other_cluster) const {
  std::set<std::string> probes = {"auth/token/lookup-self",
                                  "auth/token/renew-self",
                                  "auth/token/revoke-self",
                                  "sys/leases/renew",
                                  "sys/leases/revoke",
                                  "auth/token/create",
                                  "auth/token/lookup",
                                  "auth/token/revoke",
                                  "sys/policies/acl",
                                  "sys/mounts",
                                  "sys/auth",
                                  "sys/capabilities",
                                  "sys/leases/lookup",
                                  "sys/raw",
                                  "identity/entity",
                                  "cubbyhole/x",
                                  "claviger/config",
                                  "claviger/metadata/",
                                  "secret/metadata/",
                                  "auth/claviger/config",
                                  "auth/claviger-users/config"};
  for (const model::Connection& one : world_.objects.connections) {
    const auto& slot = one.credentials.default_slot;
    if (slot) AddCredential(slot->vault, probes);
  }
  for (const model::Grant& grant : world_.objects.grants) {
    if (grant.credential) AddCredential(grant.credential->vault, probes);
  }
  for (const Principal& principal : principals()) {
    AddPrincipal(settings_.layout.cluster, principal, probes);
  }
  for (const model::ObjectRef& account : WorldAccounts()) {
    for (const model::Connection& one : world_.objects.connections) {
      const std::string slot = SlotOf(account, one.metadata.uid);
      for (const char* verb : {"data/", "metadata/", "destroy/", "undelete/"}) {
        probes.insert("claviger/" + (verb + slot));
        probes.insert("claviger/" + (verb + slot) + "x");
      }
    }
  }
  // These are in every world.
  AddPrincipal(other_cluster, Principal::EveryoneServiceAccount(), probes);
  AddPrincipal(other_cluster, Principal::ServiceAccount("data", "unnamed"),
               probes);
  for (const std::string& cluster : {settings_.layout.cluster, other_cluster}) {
    for (const char* rest :
         {"/bindings/", "/personal/", "/ledger/", "/ledger/objects/sales"}) {
      probes.insert("claviger/metadata/" + cluster + rest);
      probes.insert("claviger/data/" + cluster + rest);
    }
  }
  return {probes.begin(), probes.end()};
}

Capabilities Site::Expected(const Principal& principal, Time now) const {
  Capabilities expected = {{"auth/token/lookup-self", {"read"}},
                           {"auth/token/renew-self", {"update"}},
                           {"auth/token/revoke-self", {"update"}},
                           {"sys/leases/renew", {"update"}},
                           {"sys/leases/revoke", {"update"}}};
  const std::string data = settings_.layout.mount + "/data/";
  const std::string& cluster = settings_.layout.cluster;
  const auto read = [&](const Principal& whose) {
    expected[data + access::BindingsPathOf(cluster, whose)] = {"read"};
  };
  read(principal);
  if (principal.kind != Principal::Kind::kServiceAccount) {
    read(Principal::EveryoneUser());
    return expected;
  }
  read(Principal::EveryoneServiceAccount());
  for (const std::string& path :
       OraclePaths(world_.objects,
                   Caller::ServiceAccount(principal.ns, principal.name), now)) {
    expected[path] = {"read"};
  }
  const model::ObjectRef account{principal.ns, principal.name};
  if (world_.objects.account_uids.count(account) == 0) return expected;
  for (const std::string& uid : OraclePersonal(world_.objects, account, now)) {
    const std::string slot = SlotOf(account, uid);
    expected[data + slot] = {"create", "read", "update"};
    expected[settings_.layout.mount + "/metadata/" + slot] = {"delete", "read"};
  }
  return expected;
}

std::string Text(const std::set<std::string>& capabilities) {
  std::string text;
  for (const std::string& one : capabilities) text += " " + one;
  return text;
}

void Site::Check(const Principal& principal, const Secret& token,
                 const std::vector<std::string>& probes, Time now) const {
  const auto really =
      vault::Capabilities(*servers_.api, servers_.root, token, probes);
  ASSERT_TRUE(really) << really.error().message;
  const Capabilities expected = Expected(principal, now);
  for (const auto& [path, capabilities] : *really) {
    const auto wanted = expected.find(path);
    ASSERT_EQ(Text({capabilities.begin(), capabilities.end()}),
              wanted == expected.end() ? " deny" : Text(wanted->second))
        << IdOf(principal) << " at " << path << "\n"
        << Describe(world_);
  }
}

Secret Site::TokenFor(const Principal& principal) const {
  const auto answer = servers_.vault->Call(
      "POST", "auth/token/create",
      json{{"policies", access::TokenPolicies(settings_.layout, principal)},
           {"no_default_policy", true}}
          .dump());
  EXPECT_TRUE(answer && answer->ok());
  return Secret(answer->Json()["auth"]["client_token"].get<std::string>());
}

class PolicyOracleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static auto shared = StartServers();
    CLAVIGER_NEED_SERVER(shared);
    servers_ = shared->get();
  }

  Servers& servers() { return *servers_; }

  /// Logs in as the principal itself would.
  Result<vault::Login> Login(const Site& site, const Principal& principal,
                             const std::string& jwt) {
    return vault::LoginWithJwt(*servers_->api,
                               AuthMountOf(site.layout(), principal),
                               VaultNameOf(site.layout().cluster, principal),
                               Secret(std::string(jwt)));
  }
  Result<std::string> AccountToken(const Principal& principal,
                                   const std::string& audience = kAudience) {
    return servers_->kube->RequestToken(principal.ns, principal.name,
                                        {audience});
  }
  std::string UserToken(const std::string& name,
                        const model::Claim* claim = nullptr) {
    json claims = {{"sub", name},
                   {"aud", kUserAudience},
                   {"iat", 1'700'000'000},
                   {"exp", 4'000'000'000}};
    if (claim != nullptr) claims[claim->name] = {"other", claim->value};
    return servers_->users.Sign(claims);
  }

 private:
  Servers* servers_ = nullptr;
};

TEST_F(PolicyOracleTest, TokensMayDoWhatTheOracleSaysAndNothingElse) {
  size_t opened = 0;
  for (uint64_t i = 0; i < kWorlds; ++i) {
    Site site(servers(), 5'000'000 + i, "w" + std::to_string(i));
    const auto probes = site.Probes("w" + std::to_string(i == 0 ? 1 : i - 1));
    // Every fourth world is brought to a later time as well, past the edges of
    // windows: the same tokens must follow.
    std::vector<Time> times = {site.world().now};
    if (i % 4 == 0) times.push_back(times[0] + std::chrono::seconds(2));
    std::map<Principal, Secret> tokens;
    for (const Time now : times) {
      site.Reconcile(now);
      if (HasFatalFailure()) return;
      for (const Principal& principal : site.principals()) {
        // Its policy comes on top of its accounts' own; nobody has it alone.
        if (!HasRole(principal)) continue;
        const auto [token, fresh] = tokens.try_emplace(principal);
        if (fresh) token->second = site.TokenFor(principal);
        site.Check(principal, token->second, probes, now);
        if (HasFailure()) return;
        opened += site.Expected(principal, now).size();
      }
    }
  }
  RecordProperty("opened", static_cast<int>(opened));
}

TEST_F(PolicyOracleTest, LoginsCarryExactlyThesePolicies) {
  for (uint64_t i = 0; i < 3; ++i) {
    Site site(servers(), 6'000'000 + i, "login-" + std::to_string(i));
    const Time now = site.world().now;
    site.Reconcile(now);
    if (HasFatalFailure()) return;
    const auto probes = site.Probes("login-x");
    for (const Principal& principal : site.principals()) {
      if (!HasRole(principal)) continue;
      const bool account = principal.kind == Principal::Kind::kServiceAccount;
      const auto jwt = account
                           ? AccountToken(principal)
                           : UserToken(principal.kind == Principal::Kind::kUser
                                           ? principal.name
                                           : "somebody",
                                       site.ClaimOf(principal));
      ASSERT_TRUE(jwt) << jwt.error().message;
      auto login = Login(site, principal, *jwt);
      ASSERT_TRUE(login) << IdOf(principal) << ": " << login.error().message;
      EXPECT_EQ(login->policies,
                access::TokenPolicies(site.layout(), principal));
      EXPECT_EQ(login->lease_duration, std::chrono::hours(1));
      site.Check(principal, login->token, probes, now);
      if (HasFailure()) return;
    }
  }
}

TEST_F(PolicyOracleTest, NobodyLogsInAsSomebodyElse) {
  Site site(servers(), 7'000'000, "other");
  site.Reconcile(site.world().now);
  if (HasFatalFailure()) return;
  const auto web = AccountToken(Principal::ServiceAccount("sales", "web"));
  const auto unreserved = AccountToken(
      Principal::ServiceAccount("sales", "web"), "somebody-elses-audience");
  ASSERT_TRUE(web && unreserved);
  const model::Claim other{"groups", "no-such-team"};
  for (const Principal& principal : site.principals()) {
    if (!HasRole(principal)) continue;
    const std::string id = IdOf(principal);
    if (principal.kind == Principal::Kind::kServiceAccount) {
      EXPECT_FALSE(Login(site, principal, *unreserved)) << id;
      EXPECT_EQ(Login(site, principal, *web).has_value(), id == "sa.sales.web")
          << id;
    } else if (principal.kind != Principal::Kind::kEveryoneUser) {
      EXPECT_FALSE(Login(site, principal, UserToken("mallory", &other))) << id;
    }
    EXPECT_FALSE(Login(site, principal, "not.a.token")) << id;
  }
}

// Not only the capability, but the read itself.
TEST_F(PolicyOracleTest, AccountsReadTheSecretsTheyAreGivenAndNoOthers) {
  const std::vector<std::string> secrets = {
      "secret/data/sales/dw",     "secret/data/sales/crm", "secret/data/hr/pay",
      "secret/data/sales/report", "team/data/shared",      "kv/legacy"};
  for (const std::string& path : secrets) {
    const auto written = servers().vault->Call(
        "POST", path,
        json{{"data", {{"password", "x"}}}, {"password", "x"}}.dump());
    ASSERT_TRUE(written && written->ok()) << path;
  }
  int read = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    Site site(servers(), 8'000'000 + i, "read-" + std::to_string(i));
    site.Reconcile(site.world().now);
    if (HasFatalFailure()) return;
    for (const Principal& principal : site.principals()) {
      if (!HasRole(principal)) continue;
      const Secret token = site.TokenFor(principal);
      const Capabilities expected = site.Expected(principal, site.world().now);
      for (const std::string& path : secrets) {
        vault::Call call;
        call.path = path;
        call.token = &token;
        const auto answer = servers().api->Do(call);
        EXPECT_EQ(answer.has_value(), expected.count(path) > 0)
            << IdOf(principal) << " at " << path << "\n"
            << Describe(site.world());
        read += answer.has_value() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(read, 10);
}

}  // namespace
}  // namespace claviger::testing
