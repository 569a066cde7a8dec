// SPDX-License-Identifier: Apache-2.0
#include "model/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/field_lines.h"

namespace claviger::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Problems(const Objects& objects) {
  std::vector<std::string> lines;
  for (const Problem& problem : objects.problems) {
    lines.push_back(ToString(problem));
  }
  return lines;
}

Objects Yaml(std::string_view text) {
  return DecodeManifests(text, "m.yaml", false);
}

constexpr std::string_view kConnection = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata:
  name: warehouse
  namespace: sales
  labels: {team: bi}
  creationTimestamp: null
spec:
  provider: postgresql
  endpoint: {host: dw.corp, port: 5432, database: dw, tls: {mode: verify-full}, parameters: {application_name: bi}}
  owner: {kind: User, name: erin}
  sharing:
    mode: Groups
    groups: [finance]
  workloads:
    - {namespace: reports, serviceAccounts: ["nightly"]}
    - {namespace: ops}
  credentials:
    type: password
    mode: Layered
    allowPersonal: false
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse, version: 3, keys: {username: user, password: pass}}}
    onSecretFailure: Next
  serverSideOnly: false
  secretReaders: Users
  deletionPolicy: Revoke
status:
  whatever: [1, {a: b}]
)";

TEST(ManifestsTest, DecodesEveryFieldOfAConnection) {
  const Objects objects = Yaml(kConnection);
  EXPECT_THAT(Problems(objects), IsEmpty());
  ASSERT_EQ(objects.connections.size(), 1U);
  const Connection& c = objects.connections[0];
  EXPECT_FALSE(c.refused.has_value());
  EXPECT_EQ(ToString(c.ref()), "sales/warehouse");
  EXPECT_EQ(c.metadata.location.file, "m.yaml");
  EXPECT_EQ(Locate(c.metadata, "spec.sharing.mode").line, 13);
  EXPECT_EQ(c.provider, "postgresql");
  EXPECT_EQ(c.endpoint.host, "dw.corp");
  EXPECT_EQ(c.endpoint.port, 5432);
  EXPECT_EQ(c.endpoint.database, "dw");
  EXPECT_EQ(c.endpoint.tls.mode, "verify-full");
  EXPECT_EQ(c.endpoint.parameters.at("application_name"), "bi");
  EXPECT_EQ(c.owner, (Subject{SubjectKind::kUser, "", "erin"}));
  EXPECT_EQ(c.sharing.mode, SharingMode::kGroups);
  EXPECT_THAT(c.sharing.groups, ElementsAre("finance"));
  ASSERT_EQ(c.workloads->size(), 2U);
  EXPECT_EQ((*c.workloads)[0].ns, "reports");
  EXPECT_THAT(*(*c.workloads)[0].service_accounts, ElementsAre("nightly"));
  EXPECT_FALSE((*c.workloads)[1].service_accounts.has_value());
  EXPECT_EQ(c.credentials.type, "password");
  EXPECT_EQ(c.credentials.mode, CredentialMode::kLayered);
  EXPECT_FALSE(c.credentials.allow_personal);
  EXPECT_EQ(c.credentials.on_secret_failure, OnSecretFailure::kNext);
  const VaultRef expected{
      Engine::kKv2, "secret", "sales/warehouse",
      "",           3,        {{"username", "user"}, {"password", "pass"}}};
  EXPECT_EQ(c.credentials.default_slot->vault, expected);
  EXPECT_FALSE(c.server_side_only);
  EXPECT_EQ(c.secret_readers, SecretReaders::kUsers);
  EXPECT_EQ(c.deletion_policy, DeletionPolicy::kRevoke);
}

TEST(ManifestsTest, DecodesEveryFieldOfAGrant) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: nightly-report, namespace: sales, uid: 1-2, generation: 7, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  connection: warehouse
  subjects:
    - {kind: ServiceAccount, namespace: reports, name: nightly}
    - {kind: Group, name: finance}
    - {kind: User, name: alice}
    - {kind: Everyone}
  effect: Allow
  privileges: [use, readSecret]
  credential:
    vault: {engine: database, mount: database, role: sales.reporting-ro}
    priority: -5
    serverSideOnly: true
  notBefore: "2026-12-01T00:00:00Z"
  expiresAt: "2027-01-01T00:00:00Z"
  suspended: true
  reason: "ticket OPS-113"
)");
  EXPECT_THAT(Problems(objects), IsEmpty());
  ASSERT_EQ(objects.grants.size(), 1U);
  const Grant& g = objects.grants[0];
  EXPECT_EQ(g.metadata.uid, "1-2");
  EXPECT_EQ(g.metadata.generation, 7);
  EXPECT_EQ(FormatRfc3339(*g.metadata.created), "2026-01-01T00:00:00Z");
  EXPECT_EQ(ToString(g.connection_ref()), "sales/warehouse");
  EXPECT_THAT(
      g.subjects,
      ElementsAre(Subject{SubjectKind::kServiceAccount, "reports", "nightly"},
                  Subject{SubjectKind::kGroup, "", "finance"},
                  Subject{SubjectKind::kUser, "", "alice"},
                  Subject{SubjectKind::kEveryone, "", ""}));
  EXPECT_EQ(g.effect, Effect::kAllow);
  EXPECT_EQ(g.privileges,
            (PrivilegeSet{Privilege::kUse, Privilege::kReadSecret}));
  EXPECT_EQ(ApiPath(g.credential->vault), "database/creds/sales.reporting-ro");
  EXPECT_EQ(g.credential->priority, -5);
  EXPECT_TRUE(g.credential->server_side_only);
  EXPECT_EQ(FormatRfc3339(*g.window.not_before), "2026-12-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(*g.window.expires_at), "2027-01-01T00:00:00Z");
  EXPECT_TRUE(g.suspended);
  EXPECT_EQ(g.reason, "ticket OPS-113");
}

TEST(ManifestsTest, DecodesEveryFieldOfAGroup) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec:
  members:
    - {kind: ServiceAccount, namespace: finance, name: closer}
    - {kind: Namespace, name: finance-jobs}
    - {kind: User, name: bob}
    - {kind: Group, name: controllers}
  admins: [{kind: User, name: carol}]
  claim: {name: groups, value: "fin-team"}
status: {members: 42}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: controllers}
spec: {members: []}
)");
  EXPECT_THAT(Problems(objects), IsEmpty());
  ASSERT_EQ(objects.groups.size(), 2U);
  const Group& g = objects.groups[0];
  EXPECT_THAT(
      g.members,
      ElementsAre(Subject{SubjectKind::kServiceAccount, "finance", "closer"},
                  Subject{SubjectKind::kNamespace, "", "finance-jobs"},
                  Subject{SubjectKind::kUser, "", "bob"},
                  Subject{SubjectKind::kGroup, "", "controllers"}));
  EXPECT_THAT(g.admins, ElementsAre(Subject{SubjectKind::kUser, "", "carol"}));
  EXPECT_EQ(g.claim, (Claim{"groups", "fin-team"}));
  EXPECT_EQ(objects.groups[1].metadata.location.line, 14);
}

}  // namespace
}  // namespace claviger::model
