// SPDX-License-Identifier: Apache-2.0
#include "model/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "model_testing.h"

namespace claviger::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
    maxStale: 90m
  serverSideOnly: false
  secretReaders: Users
  deletionPolicy: Revoke
status:
  whatever: [1, {a: b}]
)";

TEST(ManifestsTest, DecodesEveryFieldOfAConnection) {
  const Objects objects = Yaml(kConnection);
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
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
  EXPECT_EQ(c.credentials.max_stale, std::chrono::minutes(90));
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
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
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
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
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

TEST(ManifestsTest, FillsInWhatIsAbsent) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: sales}
spec:
  provider: redis
  endpoint: {host: dw.corp}
  credentials: {type: password, default: {vault: {engine: kv1, mount: a, path: b}}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: sales}
spec: {connection: dw, subjects: [{kind: Everyone}]}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: d, namespace: sales}
spec: {connection: dw, subjects: [{kind: Everyone}], effect: Deny}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: empty}
spec: {}
)");
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
  const Connection& c = objects.connections.at(0);
  EXPECT_EQ(c.sharing.mode, SharingMode::kPrivate);
  EXPECT_EQ(c.credentials.mode, CredentialMode::kGlobal);
  EXPECT_TRUE(c.credentials.allow_personal);
  EXPECT_TRUE(c.server_side_only);
  EXPECT_FALSE(c.credentials.default_slot->server_side_only);
  EXPECT_EQ(c.secret_readers, SecretReaders::kGranted);
  EXPECT_EQ(c.credentials.on_secret_failure, OnSecretFailure::kFail);
  EXPECT_EQ(c.credentials.max_stale, std::nullopt);
  EXPECT_EQ(c.endpoint.tls.mode, "verify-full");
  EXPECT_FALSE(c.owner.has_value());
  EXPECT_FALSE(c.workloads.has_value());
  for (const Grant& grant : objects.grants) {
    EXPECT_EQ(grant.privileges, PrivilegeSet{Privilege::kUse});
    EXPECT_FALSE(grant.suspended);
    EXPECT_EQ(grant.window, Window{});
  }
  EXPECT_EQ(objects.grants.at(0).effect, Effect::kAllow);
  EXPECT_EQ(objects.groups.size(), 1U);
}

TEST(ManifestsTest, ACredentialAloneGivesNoPrivilege) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: sales}
spec:
  connection: dw
  subjects: [{kind: Everyone}]
  privileges: []
  credential: {vault: {engine: kv1, mount: a, path: b}}
)");
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
  EXPECT_TRUE(objects.grants.at(0).privileges.empty());
  EXPECT_EQ(objects.grants[0].credential->priority, 0);
  EXPECT_FALSE(objects.grants[0].credential->server_side_only);
}

TEST(ManifestsTest, DerivesUidsFromKindNamespaceAndName) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: a}
spec: {}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: a, namespace: n}
spec: {connection: c, subjects: [{kind: Everyone}]}
)");
  EXPECT_EQ(objects.groups.at(0).metadata.uid, UuidV5("Group//a"));
  EXPECT_EQ(objects.grants.at(0).metadata.uid, UuidV5("Grant/n/a"));
}

TEST(ManifestsTest, AcceptsWhatKubernetesAdds) {
  const Objects objects = DecodeObject(R"({
    "apiVersion": "claviger.io/v1alpha1", "kind": "Group",
    "metadata": {"name": "g", "uid": "0f-1", "generation": 3,
      "resourceVersion": "12", "creationTimestamp": "2026-01-01T00:00:00Z",
      "labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["e"],
      "ownerReferences": [{}], "selfLink": "x", "generateName": "y",
      "deletionTimestamp": "2026-01-01T00:00:00Z",
      "deletionGracePeriodSeconds": 0,
      "managedFields": [{"fieldsV1": {"f:spec": {"f:members": {}}}}]},
    "spec": {"members": []}, "status": {"conditions": [{"type": "Accepted"}]}})");
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
  ASSERT_EQ(objects.groups.size(), 1U);
  EXPECT_EQ(objects.groups[0].metadata.uid, "0f-1");
  EXPECT_EQ(objects.groups[0].metadata.generation, 3);
  EXPECT_EQ(objects.groups[0].metadata.location.file, "");
}

TEST(ManifestsTest, ReportsWithoutAFileForTheKubernetesApi) {
  const Objects objects = DecodeObject(
      R"({"apiVersion":"claviger.io/v1alpha1","kind":"Group",
          "metadata":{"name":"G"},"spec":{}})");
  ASSERT_EQ(objects.problems.size(), 1U);
  EXPECT_EQ(ToString(objects.problems[0]),
            "metadata.name: \"G\" is not an object's name; use lower-case "
            "letters, digits, dashes and dots, at most 253");
}

TEST(ManifestsTest, PassesOverOtherKindsWhateverTheyHold) {
  const Objects objects = Yaml(R"(apiVersion: apps/v1
kind: Deployment
metadata: &m {name: x}
spec: {template: {metadata: *m}, a: 1, a: 2, t: !custom x}
---
apiVersion: example.com/v1
kind: Connection
metadata: {name: x}
spec: {anything: goes}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Group
---
- path: secret/sales/warehouse
  data: {username: u}
---
cluster: prod-eu
vault: {address: "https://vault.corp:8200"}
---
just text
---
apiVersion: v1
kind: ConfigMap
data: {kind: Grant}
)");
  EXPECT_THAT(Lines(objects.problems), IsEmpty());
  EXPECT_TRUE(objects.complete);
  EXPECT_TRUE(objects.connections.empty() && objects.groups.empty());
}

TEST(ManifestsTest, TakesServiceAccountsAndLabelledPods) {
  const Objects objects = Yaml(R"(apiVersion: v1
kind: ServiceAccount
metadata: {name: nightly, namespace: reports}
secrets: [{name: x}]
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: reports, labels: {claviger.io/inject: "true"}}
spec: {serviceAccountName: nightly, containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: ops, labels: {claviger.io/inject: "true"}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: r, namespace: ops, labels: {app: x}}
spec: {serviceAccountName: unseen}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: lost}
)");
  EXPECT_THAT(objects.service_accounts,
              ElementsAre(ObjectRef{"reports", "nightly"},
                          ObjectRef{"ops", "default"}));
  EXPECT_THAT(Lines(objects.problems),
              ElementsAre("m.yaml:21: metadata: not taken for a caller: its "
                          "namespace or name is missing or not valid; set "
                          "metadata.namespace and metadata.name"));
}

TEST(ManifestsTest, ReadsTheItemsOfLists) {
  const Objects objects = Yaml(R"(apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: claviger.io/v1alpha1
  kind: Group
  metadata: {name: a}
  spec: {members: &x []}
- apiVersion: claviger.io/v1alpha1
  kind: Group
  metadata: {name: b}
  spec: {}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: n, namespace: m}
)");
  ASSERT_EQ(objects.groups.size(), 1U);
  EXPECT_EQ(objects.groups[0].metadata.name, "b");
  EXPECT_EQ(objects.service_accounts.size(), 1U);
  EXPECT_THAT(Lines(objects.problems),
              ElementsAre("m.yaml:8: spec.members: anchors are not accepted; "
                          "write the value out"));
  const Objects typed = DecodeObject(
      R"({"apiVersion":"claviger.io/v1alpha1","kind":"GroupList",
          "metadata":{},"items":[{"metadata":{"name":"c"},"spec":{}}]})");
  EXPECT_EQ(typed.groups.size(), 1U);
}

TEST(ManifestsTest, AFlawedDocumentDoesNotCostTheOthers) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: a}
spec:
  members: [{kind: User, name: x}]
  members: [{kind: User, name: y}]
  claim: !x {<<: {name: a, value: b}}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: b}
spec: {}
)");
  EXPECT_TRUE(objects.complete);
  ASSERT_EQ(objects.groups.size(), 1U);
  EXPECT_THAT(
      Lines(objects.problems),
      ElementsAre("m.yaml:6: spec.members: duplicate key; keep one of them",
                  "m.yaml:7: spec.claim: unknown tag; remove the tag",
                  "m.yaml:7: spec.claim.<<: merge keys are not accepted; "
                  "write the value out",
                  "m.yaml:7: spec.claim.name: required, but missing; add it",
                  "m.yaml:7: spec.claim.value: required, but missing; add it"));
}

TEST(ManifestsTest, ASyntaxErrorMakesTheSourceIncomplete) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: a}
spec: {}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: b
spec: {}
)");
  EXPECT_FALSE(objects.complete);
  EXPECT_EQ(objects.groups.size(), 1U);
  ASSERT_EQ(objects.problems.size(), 1U);
  EXPECT_EQ(objects.problems[0].severity, Problem::Severity::kUnreadable);
  EXPECT_EQ(objects.problems[0].location.line, 9);
}

// The YAML library takes 0x04 for the end of the file, and what follows would
// silently not count.
TEST(ManifestsTest, RefusesFilesThatAreNotText) {
  const std::string deny = R"(
---
apiVersion: claviger.io/v1alpha1
kind: Grant
)";
  EXPECT_THAT(Lines(Yaml("a: 1\n\x04" + deny).problems),
              ElementsAre("m.yaml:2: control character; save the file as "
                          "plain UTF-8 text"));
  EXPECT_THAT(Lines(Yaml("a: \xff\n").problems),
              ElementsAre("m.yaml:1: invalid UTF-8; save the file as plain "
                          "UTF-8 text"));
  EXPECT_FALSE(Yaml("\xfe\xff").complete);
  EXPECT_THAT(Lines(Yaml("a: 1 # x\rb: 2\n").problems),
              ElementsAre("m.yaml:1: lone carriage return; save the file as "
                          "plain UTF-8 text"));
  EXPECT_TRUE(DecodeManifests("{\r}", "m.json", true).complete);
}

TEST(ManifestsTest, RefusesTextOverOneMebibyte) {
  const std::string large((size_t{1} << 20U) + 1, '#');
  EXPECT_THAT(Lines(Yaml(large).problems),
              ElementsAre("m.yaml: larger than 1 MiB; split the file"));
  EXPECT_TRUE(Yaml(large.substr(1)).complete);
}

TEST(ManifestsTest, SaysTheSameOfJson) {
  const Objects yaml = Yaml(kConnection);
  const Objects json =
      DecodeManifests(ToJson(ReadYaml(kConnection).roots[0]), "m.json", true);
  ASSERT_EQ(json.connections.size(), 1U);
  EXPECT_THAT(Lines(json.problems), IsEmpty());
  const Connection& a = yaml.connections[0];
  const Connection& b = json.connections[0];
  EXPECT_EQ(a.metadata.uid, b.metadata.uid);
  EXPECT_EQ(a.credentials.default_slot->vault,
            b.credentials.default_slot->vault);
  EXPECT_EQ(a.endpoint.parameters, b.endpoint.parameters);
  EXPECT_EQ(a.endpoint.port, b.endpoint.port);
}

}  // namespace
}  // namespace claviger::model
