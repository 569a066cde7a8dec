// SPDX-License-Identifier: Apache-2.0
//
// From the configuration to the policies: no namespace, whatever it is called,
// gets at a path that is not its own.
#include "operator/config.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using model::VaultRef;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kConfig[] = R"(
cluster: prod
vault:
  address: https://vault.corp:8200
  mounts:
    - {mount: secret, engine: kv2, allow: ["{namespace}/+"]}
    - {mount: database, engine: database, allow: ["{namespace}.+"]}
audiences: {sidecar: claviger-test}
)";

// What is not the attacker's, spelled in every way that reaches it.
std::vector<VaultRef> NotTheirs() {
  return {Kv2("secret", "sales/warehouse"),
          Kv1("secret", "data/sales/warehouse"),
          AnyRead("secret", "data/sales/warehouse"),
          AnyRead("secret/data", "sales/warehouse"),
          Kv2("secret/data", "sales/warehouse"),
          DatabaseRole("database", "sales.ro"),
          AnyRead("database", "creds/sales.ro"),
          AnyRead("database/creds", "sales.ro"),
          Kv2("claviger", "prod/bindings/sa.sales.app"),
          AnyRead("claviger", "data/prod/bindings/sa.sales.app"),
          AnyRead("claviger/data", "prod/personal/sa.sales.app/x"),
          AnyRead("sys", "policies/acl/claviger.prod.sa.sales.app"),
          AnyRead("auth/token", "lookup"),
          AnyRead("identity", "entity/id"),
          AnyRead("cubbyhole", "x"),
          Kv2("other", "sales/warehouse")};
}

model::Objects Attack(const std::string& ns) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse")
                             .WithOwner(User("erin"))
                             .WithDefault(Kv2("secret", "sales/warehouse")),
                         AConnection(ns + "/mine")
                             .WithOwner(User("mallory"))
                             .WithMode(model::CredentialMode::kLayered)
                             .WithDefault(Kv2("secret", ns + "/own"))};
  std::vector<VaultRef> refs = NotTheirs();
  refs.push_back(DatabaseRole("database", ns + ".own"));
  for (size_t i = 0; i < refs.size(); ++i) {
    objects.grants.push_back(AGrant(ns + "/g" + std::to_string(i), "mine")
                                 .To(Account(ns + "/app"))
                                 .Allowing({model::Privilege::kUse})
                                 .WithCredential(refs[i]));
    if (i == refs.size() - 1) break;
    // The same by the connection's own slot.
    objects.connections.push_back(AConnection(ns + "/c" + std::to_string(i))
                                      .WithOwner(Account(ns + "/app"))
                                      .WithDefault(refs[i]));
  }
  return objects;
}

class PathIsolationTest : public ReconcilerFixture,
                          public ::testing::WithParamInterface<const char*> {};

TEST_P(PathIsolationTest, NamespaceGetsExactlyItsOwnPaths) {
  const std::string ns = GetParam();
  const Result<op::Config> config = op::ParseConfig(kConfig, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  Restart(op::ReconcilerSettingsOf(*config));
  const op::PassReport report = Pass(Attack(ns));
  EXPECT_TRUE(report.settled());
  EXPECT_THAT(CredentialPaths("sa." + ns + ".app"),
              UnorderedElementsAre("secret/data/" + ns + "/own",
                                   "database/creds/" + ns + ".own"));
  EXPECT_THAT(CredentialPaths("everyone.sa"), IsEmpty());
  // And of our own mount its own document only.
  const auto policy =
      nlohmann::json::parse(vault_.Policy("claviger.prod.sa." + ns + ".app"));
  std::vector<std::string> ours;
  for (const auto& [path, rule] : policy.at("path").items()) {
    if (path.rfind("claviger/", 0) == 0) ours.push_back(path);
  }
  EXPECT_THAT(ours,
              ElementsAre("claviger/data/prod/bindings/sa." + ns + ".app"));
}

// Beside `sales`, and like everything else that is a part of a path.
INSTANTIATE_TEST_SUITE_P(Names, PathIsolationTest,
                         ::testing::Values("sales-eu", "sale", "sales2", "data",
                                           "creds", "prod", "secret",
                                           "database", "claviger", "metadata",
                                           "bindings", "personal", "sys",
                                           "everyone", "sa", "user", "root"),
                         [](const auto& name) {
                           std::string text = name.param;
                           for (char& c : text) c = c == '-' ? '_' : c;
                           return text;
                         });

using PathClaimTest = ReconcilerFixture;

TEST_F(PathClaimTest, PathBelongsToWhoNamedItFirst) {
  // No path rules at all: claims count always.
  model::Objects objects = Quickstart();
  objects.connections.push_back(
      AConnection("thief/mine")
          .WithOwner(Account("thief/app"))
          .WithDefault(Kv2("secret", "sales/warehouse"))
          .Created(After(std::chrono::hours(1)), "later"));
  objects.connections[0].metadata.created = kNow;
  Pass(objects);
  EXPECT_THAT(CredentialPaths("sa.thief.app"), IsEmpty());
  EXPECT_THAT(CredentialPaths("sa.finance.closer"),
              ElementsAre("secret/data/sales/warehouse"));
}

}  // namespace
}  // namespace claviger::testing
