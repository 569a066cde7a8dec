// SPDX-License-Identifier: Apache-2.0
//
// One table of mistakes: what is said, on which line, and whether the object
// can still be decoded. Each is also put as JSON, with the same verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "model_testing.h"

namespace claviger::model {
namespace {

using ::testing::ElementsAreArray;

constexpr std::string_view kConnection =
    R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp}
  sharing: {mode: Private}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/dw}}
)";
constexpr std::string_view kGrant =
    R"(apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: sales}
spec:
  connection: dw
  subjects:
    - {kind: User, name: alice}
  effect: Allow
  privileges: [use]
)";
constexpr std::string_view kGroup =
    R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec:
  members:
    - {kind: User, name: bob}
  admins: [{kind: User, name: carol}]
  claim: {name: groups, value: fin}
)";

constexpr auto kWarning = Problem::Severity::kWarning;
constexpr auto kInvalid = Problem::Severity::kInvalid;
constexpr auto kUndecodable = Problem::Severity::kUndecodable;

struct BadCase {
  std::string_view base;
  std::string_view find;
  std::string_view put;
  Problem::Severity worst;
  std::vector<std::string> expected;
};

std::string Text(const BadCase& c) {
  std::string text(c.base);
  const size_t at = text.find(c.find);
  EXPECT_NE(at, std::string::npos) << c.find;
  return text.replace(at, c.find.size(), c.put);
}

std::optional<Refusal> RefusalIn(const Objects& objects) {
  for (const Connection& one : objects.connections) return one.refused;
  for (const Grant& one : objects.grants) return one.refused;
  for (const Group& one : objects.groups) return one.refused;
  return std::nullopt;
}

size_t Decoded(const Objects& objects) {
  return objects.connections.size() + objects.grants.size() +
         objects.groups.size();
}

void Check(const BadCase& c) {
  const std::string text = Text(c);
  SCOPED_TRACE(text);
  const Objects objects = Yaml(text);
  EXPECT_TRUE(objects.complete);
  EXPECT_THAT(Lines(objects.problems), ElementsAreArray(c.expected));
  Problem::Severity worst = kWarning;
  for (const Problem& problem : objects.problems) {
    worst = std::max(worst, problem.severity);
  }
  EXPECT_EQ(worst, c.worst);
  EXPECT_EQ(Decoded(objects), c.worst == kUndecodable ? 0U : 1U);
  EXPECT_EQ(RefusalIn(objects).has_value(), c.worst == kInvalid);
  const std::string json = ToJson(ReadYaml(text).roots.at(0));
  EXPECT_EQ(Verdicts(DecodeManifests(json, "m.json", true)), Verdicts(objects))
      << json;
}

TEST(BadManifestsTest, UnknownFields) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "  provider:",
            "  provder:",
            kUndecodable,
            {"m.yaml:4: spec.provider: required, but missing; add it",
             "m.yaml:5: spec.provder: unknown field; did you mean provider?"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, verify: true}",
            kUndecodable,
            {"m.yaml:6: spec.endpoint.verify: unknown field; remove it"}},
           {kConnection,
            "spec:",
            "Spec: {}\nspec:",
            kUndecodable,
            {"m.yaml:4: Spec: unknown field; did you mean spec?"}},
           {kConnection,
            "namespace: sales}",
            "namespace: sales, label: {}}",
            kUndecodable,
            {"m.yaml:3: metadata.label: unknown field; did you mean labels?"}},
           {kConnection,
            "    type: password",
            "    type: password\n    Type: password",
            kUndecodable,
            {"m.yaml:10: spec.credentials.Type: unknown field; did you mean "
             "type?"}},
           {kConnection,
            "path: sales/dw}",
            "path: sales/dw, key: {}}",
            kUndecodable,
            {"m.yaml:10: spec.credentials.default.vault.key: unknown field; "
             "did you mean keys?"}},
           {kGrant,
            "name: alice}",
            "name: alice, ns: x}",
            kUndecodable,
            {"m.yaml:7: spec.subjects[0].ns: unknown field; remove it"}},
           {kGroup,
            "  claim:",
            "  owner: me\n  claim:",
            kUndecodable,
            {"m.yaml:8: spec.owner: unknown field; remove it"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, WrongTypes) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "provider: postgresql",
            "provider: 5",
            kUndecodable,
            {"m.yaml:5: spec.provider: expected text, found a number; put it "
             "in quotes"}},
           {kConnection,
            "provider: postgresql",
            "provider: true",
            kUndecodable,
            {"m.yaml:5: spec.provider: expected text, found a boolean; put it "
             "in quotes"}},
           {kConnection,
            "provider: postgresql",
            "provider: [a]",
            kUndecodable,
            {"m.yaml:5: spec.provider: expected text, found a list; write "
             "text"}},
           {kConnection,
            "provider: postgresql",
            "provider: null",
            kUndecodable,
            {"m.yaml:5: spec.provider: expected text, found nothing; write "
             "text, or leave the field out"}},
           {kConnection,
            "{host: dw.corp}",
            "dw.corp",
            kUndecodable,
            {"m.yaml:6: spec.endpoint: expected a map, found text; write a "
             "map"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, port: \"5432\"}",
            kUndecodable,
            {"m.yaml:6: spec.endpoint.port: expected a decimal integer, found "
             "text; write a decimal integer without quotes"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, port: 5432.0}",
            kUndecodable,
            {"m.yaml:6: spec.endpoint.port: expected a decimal integer, found "
             "a number; write a decimal integer"}},
           {kConnection,
            "{mode: Private}",
            "{mode: Groups, groups: finance}",
            kUndecodable,
            {"m.yaml:7: spec.sharing.groups: expected a list, found text; "
             "write a list"}},
           {kConnection,
            "{mode: Private}",
            "{mode: Groups, groups: [{a: b}]}",
            kUndecodable,
            {"m.yaml:7: spec.sharing.groups[0]: expected text, found a map; "
             "write text"}},
           {kConnection,
            "  credentials:",
            "  serverSideOnly: yes\n  credentials:",
            kUndecodable,
            {"m.yaml:8: spec.serverSideOnly: expected true or false, found "
             "text; write true or false"}},
           {kConnection,
            "  credentials:",
            "  serverSideOnly: \"true\"\n  credentials:",
            kUndecodable,
            {"m.yaml:8: spec.serverSideOnly: expected true or false, found "
             "text; write true or false without quotes"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, parameters: {connect_timeout: 10}}",
            kUndecodable,
            {"m.yaml:6: spec.endpoint.parameters.connect_timeout: expected "
             "text, found a number; put it in quotes"}},
           {kGrant,
            "  effect: Allow",
            "  notBefore: tomorrow",
            kUndecodable,
            {"m.yaml:8: spec.notBefore: \"tomorrow\" is not an RFC 3339 time; "
             "write it like \"2026-12-01T00:00:00Z\""}},
           {kGrant,
            "    - {kind: User, name: alice}",
            "    - alice",
            kUndecodable,
            {"m.yaml:7: spec.subjects[0]: expected a map, found text; write a "
             "map"}},
           {kConnection,
            "spec:",
            "status: [1]\nx-spec: 1\nspec:",
            kUndecodable,
            {"m.yaml:5: x-spec: unknown field; did you mean spec?"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, UnknownWords) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "mode: Private",
            "mode: private",
            kUndecodable,
            {"m.yaml:7: spec.sharing.mode: unknown value \"private\"; did you "
             "mean Private?"}},
           {kConnection,
            "mode: Private",
            "mode: Nobody",
            kUndecodable,
            {"m.yaml:7: spec.sharing.mode: unknown value \"Nobody\"; use "
             "Private, Organization, Groups or ViewerCredentials"}},
           {kConnection,
            "engine: kv2",
            "engine: kv3",
            kUndecodable,
            {"m.yaml:10: spec.credentials.default.vault.engine: unknown value "
             "\"kv3\"; did you mean kv1?"}},
           {kConnection,
            "type: password",
            "type: password\n    mode: all",
            kUndecodable,
            {"m.yaml:10: spec.credentials.mode: unknown value \"all\"; use "
             "Global, PerUser or Layered"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, tls: {mode: verify_full}}",
            kUndecodable,
            {"m.yaml:6: spec.endpoint.tls.mode: unknown value \"verify_full\"; "
             "did you mean verify-full?"}},
           {kConnection,
            "  sharing:",
            "  owner: {kind: Everyone}\n  sharing:",
            kUndecodable,
            {"m.yaml:7: spec.owner.kind: unknown value \"Everyone\"; use User, "
             "ServiceAccount or Group"}},
           {kConnection,
            "  sharing:",
            "  deletionPolicy: block\n  secretReaders: all\n  sharing:",
            kUndecodable,
            {"m.yaml:7: spec.deletionPolicy: unknown value \"block\"; did you "
             "mean Block?",
             "m.yaml:8: spec.secretReaders: unknown value \"all\"; use Users "
             "or Granted"}},
           {kGrant,
            "[use]",
            "[use, read]",
            kUndecodable,
            {"m.yaml:9: spec.privileges[1]: unknown value \"read\"; did you "
             "mean readSecret?"}},
           {kGrant,
            "kind: User",
            "kind: Namespace",
            kUndecodable,
            {"m.yaml:7: spec.subjects[0].kind: unknown value \"Namespace\"; "
             "use ServiceAccount, User, Group or Everyone"}},
           {kGroup,
            "kind: User, name: bob",
            "kind: Everyone",
            kUndecodable,
            {"m.yaml:6: spec.members[0].kind: unknown value \"Everyone\"; use "
             "ServiceAccount, Namespace, User or Group"}},
           {kGroup,
            "[{kind: User",
            "[{kind: Namespace",
            kUndecodable,
            {"m.yaml:7: spec.admins[0].kind: unknown value \"Namespace\"; use "
             "User, ServiceAccount or Group"}},
           {kGroup,
            "kind: Group",
            "kind: Gruop",
            kUndecodable,
            {"m.yaml:2: kind: unknown kind \"Gruop\"; did you mean Group?"}},
           {kGroup,
            "v1alpha1",
            "v1",
            kUndecodable,
            {"m.yaml:1: apiVersion: unknown version \"claviger.io/v1\"; set "
             "apiVersion: claviger.io/v1alpha1"}},
           {kGroup,
            "claviger.io/v1alpha1",
            "claviger/v1alpha1",
            kUndecodable,
            {"m.yaml:1: apiVersion: unknown version \"claviger/v1alpha1\"; set "
             "apiVersion: claviger.io/v1alpha1"}},
           {kGroup,
            "apiVersion: claviger.io/v1alpha1\n",
            "",
            kUndecodable,
            {"m.yaml:1: apiVersion: required, but missing; set apiVersion: "
             "claviger.io/v1alpha1"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, WhatIsRequired) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "namespace: sales",
            "labels: {}",
            kInvalid,
            {"m.yaml:3: metadata.namespace: required, but missing; set "
             "metadata.namespace"}},
           {kConnection,
            "name: dw, ",
            "",
            kInvalid,
            {"m.yaml:3: metadata.name: required, but missing; add it"}},
           {kConnection,
            "metadata: {name: dw, namespace: sales}\n",
            "",
            kInvalid,
            {"m.yaml:1: metadata: required, but missing; add it"}},
           {kConnection,
            "  endpoint: {host: dw.corp}\n",
            "",
            kInvalid,
            {"m.yaml:4: spec.endpoint: required, but missing; add it"}},
           {kConnection,
            "{host: dw.corp}",
            "{}",
            kInvalid,
            {"m.yaml:6: spec.endpoint: names neither url nor host; add the one "
             "that the provider takes"}},
           {kConnection,
            "    type: password\n",
            "",
            kInvalid,
            {"m.yaml:8: spec.credentials.type: required, but missing; add "
             "it"}},
           {kConnection,
            "engine: kv2, ",
            "",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.engine: required, but "
             "missing; add it"}},
           {kConnection,
            ", path: sales/dw",
            "",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.path: required, but "
             "missing; engine kv2 needs a path"}},
           {kConnection,
            "{mode: Private}",
            "{mode: Groups}",
            kInvalid,
            {"m.yaml:7: spec.sharing.groups: required with mode Groups; name "
             "the groups that may use the connection"}},
           {kConnection,
            "  sharing:",
            "  owner: {kind: ServiceAccount, name: x}\n  sharing:",
            kInvalid,
            {"m.yaml:7: spec.owner.namespace: required, but missing; say in "
             "which namespace the service account is"}},
           {kGrant,
            "  connection: dw\n",
            "",
            kInvalid,
            {"m.yaml:4: spec.connection: required, but missing; add it"}},
           {kGrant,
            "  subjects:\n    - {kind: User, name: alice}\n",
            "",
            kInvalid,
            {"m.yaml:4: spec.subjects: required, but missing; say who is "
             "meant"}},
           {kGrant,
            "\n    - {kind: User, name: alice}",
            " []",
            kInvalid,
            {"m.yaml:6: spec.subjects: empty, so nobody is meant; name at "
             "least one"}},
           {kGrant,
            ", name: alice",
            "",
            kInvalid,
            {"m.yaml:7: spec.subjects[0].name: required, but missing; say who "
             "is meant"}},
           {kGrant,
            "kind: User, ",
            "",
            kInvalid,
            {"m.yaml:7: spec.subjects[0].kind: required, but missing; add "
             "it"}},
           {kGrant,
            "  privileges: [use]",
            "  credential: {vault: {engine: kv2, mount: a, path: b}}",
            kInvalid,
            {"m.yaml:4: spec.privileges: required, but missing; write "
             "`privileges: []` for the credential alone, or list what the "
             "Grant allows"}},
           {kGrant,
            "[use]",
            "[]",
            kInvalid,
            {"m.yaml:9: spec.privileges: empty, and there is no credential; "
             "list what the Grant allows or denies"}},
           {kGroup,
            ", value: fin",
            "",
            kInvalid,
            {"m.yaml:8: spec.claim.value: required, but missing; add it"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, ListsThatMustNotBeEmptyWhereGiven) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "{mode: Private}",
            "{mode: Organization, groups: []}",
            kInvalid,
            {"m.yaml:7: spec.sharing.groups: needs at least one entry; add "
             "one, or leave the field out"}},
           {kConnection,
            "  sharing:",
            "  workloads: []\n  sharing:",
            kInvalid,
            {"m.yaml:7: spec.workloads: needs at least one entry; add one, or "
             "leave the field out"}},
           {kConnection,
            "  sharing:",
            "  workloads: [{namespace: a, serviceAccounts: []}]\n  sharing:",
            kInvalid,
            {"m.yaml:7: spec.workloads[0].serviceAccounts: needs at least one "
             "entry; add one, or leave the field out"}},
           {kConnection,
            "path: sales/dw}",
            "path: sales/dw, keys: {}}",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.keys: needs at least "
             "one entry; add one, or leave the field out"}},
           {kConnection,
            "host: dw.corp",
            "host: dw.corp, database: \"\"",
            kInvalid,
            {"m.yaml:6: spec.endpoint.database: empty; write something, or "
             "leave the field out"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, ValuesOutOfRange) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, port: 65536}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
             "port of the service"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, port: 99999999999999999999}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
             "port of the service"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, port: -1}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
             "port of the service"}},
           {kConnection,
            "path: sales/dw",
            "path: sales/dw, version: 0",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.version: versions "
             "begin with 1; name a version, or leave the field out for the "
             "newest"}},
           {kConnection,
            "engine: kv2, mount: secret, path: sales/dw",
            "engine: kv1, mount: secret, path: sales/dw, version: 1",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.version: only engine "
             "kv2 has versions; remove it"}},
           {kConnection,
            "path: sales/dw",
            "path: sales/dw, role: r",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.role: engine kv2 has "
             "no role; remove it, or choose another engine"}},
           {kGrant,
            "[use]",
            "[]\n  credential: {vault: {engine: aws, mount: a, role: b}, "
            "priority: 1001}",
            kInvalid,
            {"m.yaml:10: spec.credential.priority: not between -1000 and 1000; "
             "choose a number in that range"}},
           {kGrant,
            "  effect: Allow",
            "  notBefore: \"2026-01-02T00:00:00Z\"\n"
            "  expiresAt: \"2026-01-02T00:00:00Z\"",
            kInvalid,
            {"m.yaml:9: spec.expiresAt: not after notBefore; let it end after "
             "it begins"}},
           {kConnection,
            "mount: secret",
            "mount: sys/raw",
            kInvalid,
            {"m.yaml:10: spec.credentials.default.vault.mount: \"sys/raw\" is "
             "never a place for credentials; name the mount of a secrets "
             "engine"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, DenyIsNarrow) {
  for (const BadCase& c : std::vector<BadCase>{
           {kGrant,
            "Allow\n  privileges: [use]",
            "Deny\n  privileges: [use, view]",
            kInvalid,
            {"m.yaml:9: spec.privileges: view cannot be denied; deny use, "
             "readSecret, share or manage"}},
           {kGrant,
            "Allow\n  privileges: [use]",
            "Deny\n  privileges: [use]\n  credential: {vault: {engine: kv2, "
            "mount: a, path: b}}",
            kInvalid,
            {"m.yaml:10: spec.credential: a Deny brings no credential; remove "
             "it, or set spec.effect: Allow"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, EndpointsMustBeSafe) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "{host: dw.corp}",
            "{url: \"http://a.corp\"}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.url: not https: the credential could be "
             "sniffed; use https, or accept that with insecure: true"}},
           {kConnection,
            "{host: dw.corp}",
            "{url: \"http://a.corp\", insecure: true}",
            kWarning,
            {"m.yaml:6: spec.endpoint.insecure: the server is not verified: "
             "who is in between sees the credential; use TLS with "
             "verify-full"}},
           {kConnection,
            "{host: dw.corp}",
            "{url: \"https://a.corp\", host: a.corp}",
            kInvalid,
            {"m.yaml:6: spec.endpoint: names both url and host; keep the one "
             "that the provider takes"}},
           {kConnection,
            "{host: dw.corp}",
            "{url: \"https://u:p@a.corp\", port: 1}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.url: the url has user "
             "information; write it like https://host.example:8443/base",
             "m.yaml:6: spec.endpoint.port: a url has its own port; write the "
             "port into the url"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, tls: {mode: require}}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.tls.mode: require does not verify the "
             "server, and the connection is server-side-only; use verify-full, "
             "or accept that with insecure: true"}},
           {kConnection,
            "{host: dw.corp}",
            "{host: dw.corp, tls: {caBundle: \"<PEM>\"}}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.tls.caBundle: is not PEM; give the "
             "certificates of the authorities in PEM"}},
           {kConnection,
            "{host: dw.corp}",
            "{url: \"https://a.corp\", methods: [GET, TRACE]}",
            kInvalid,
            {"m.yaml:6: spec.endpoint.methods[1]: \"TRACE\" is not an HTTP "
             "method; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, ValidButProbablyNotMeant) {
  for (const BadCase& c : std::vector<BadCase>{
           {kConnection,
            "{mode: Private}",
            "{mode: Organization, groups: [a, a]}",
            kWarning,
            {"m.yaml:7: spec.sharing.groups[1]: repeated; remove it"}},
           {kConnection,
            "{mode: Private}",
            "{mode: Private, groups: [a]}",
            kWarning,
            {"m.yaml:7: spec.sharing.groups: ignored with mode Private; remove "
             "it, or set spec.sharing.mode: Groups"}},
           {kConnection,
            "type: password",
            "type: password\n    mode: PerUser",
            kWarning,
            {"m.yaml:11: spec.credentials.default: ignored: every caller has a "
             "credential of its own; remove it, or set spec.credentials.mode: "
             "Layered"}},
           {kConnection,
            "mode: Private",
            "mode: ViewerCredentials",
            kWarning,
            {"m.yaml:10: spec.credentials.default: ignored: every caller has a "
             "credential of its own; remove it, or set spec.credentials.mode: "
             "Layered"}},
           {kConnection,
            "    default: {vault: {engine: kv2, mount: secret, path: "
            "sales/dw}}\n",
            "    mode: PerUser\n    allowPersonal: false\n",
            kWarning,
            {"m.yaml:11: spec.credentials.allowPersonal: false, so with mode "
             "PerUser only Grants bring credentials; remove it to let callers "
             "store their own"}},
           {kConnection,
            "  sharing:",
            "  secretReaders: Users\n  sharing:",
            kWarning,
            {"m.yaml:7: spec.secretReaders: without effect while the "
             "connection is server-side-only; remove it, or set "
             "spec.serverSideOnly: false"}},
           {kGrant,
            "    - {kind: User, name: alice}\n",
            "    - {kind: User, name: alice}\n    - {kind: User, name: "
            "alice}\n",
            kWarning,
            {"m.yaml:8: spec.subjects[1]: repeated; remove it"}},
           {kGrant,
            "name: alice",
            "name: \"system:serviceaccount:a:b\"",
            kWarning,
            {"m.yaml:7: spec.subjects[0].name: a service account is never met "
             "as a User; use kind: ServiceAccount"}},
           {kGroup,
            "name: finance}",
            "name: finance, namespace: x}",
            kWarning,
            {"m.yaml:3: metadata.namespace: ignored: a Group belongs to the "
             "cluster; remove it"}},
       }) {
    Check(c);
  }
}

TEST(BadManifestsTest, OnSecretFailureNextIsNeverPerUser) {
  Check({kConnection,
         "    default: {vault: {engine: kv2, mount: secret, path: "
         "sales/dw}}\n",
         "    mode: PerUser\n    onSecretFailure: Next\n",
         kInvalid,
         {"m.yaml:11: spec.credentials.onSecretFailure: Next would hand a "
          "caller somebody else's credential; set it to Fail"}});
}

TEST(BadManifestsTest, EveryProblemComesInOneGoInTheOrderOfLines) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: DW, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: "dw corp", port: 0}
  sharing: {mode: Groups, groups: ["a*"]}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: auth, path: ../x}}
)");
  ASSERT_EQ(objects.problems.size(), 6U);
  int line = 0;
  for (const Problem& problem : objects.problems) {
    EXPECT_EQ(problem.severity, kInvalid);
    EXPECT_EQ(problem.object, "Connection sales/DW");
    EXPECT_GE(problem.location.line, line);
    line = problem.location.line;
  }
  const Refusal& refusal = *objects.connections[0].refused;
  EXPECT_EQ(refusal.reason, "InvalidSpec");
  EXPECT_EQ(refusal.detail,
            "metadata.name: \"DW\" is not an object's name; "
            "spec.endpoint.host: \"dw corp\" is not a host; "
            "spec.endpoint.port: not between 1 and 65535; and 3 more");
  EXPECT_EQ(refusal.fix,
            "use lower-case letters, digits, dashes and dots, at most 253");
}

TEST(BadManifestsTest, APasswordInTheWrongPlaceIsNotRepeated) {
  for (const char* endpoint :
       {"url: \"https://u:hunter2@a.corp/#x\"", "host: \"u:hunter2@a.corp\"",
        "hosts: [\"u:hunter2@a.corp:1\"]",
        "host: a, database: \"postgresql://u:hunter2@a.corp/b\""}) {
    std::string text(kConnection);
    text.replace(text.find("host: dw.corp"), 13, endpoint);
    const Objects objects = Yaml(text);
    ASSERT_FALSE(objects.problems.empty()) << endpoint;
    for (const std::string& line : Lines(objects.problems)) {
      EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    }
    EXPECT_TRUE(objects.connections.at(0).refused.has_value());
  }
}

TEST(BadManifestsTest, ReservedMountsHaveAReasonOfTheirOwn) {
  for (const char* mount :
       {"sys", "auth", "identity", "cubbyhole", "sys/x", "Sys"}) {
    BadCase c{kConnection, "mount: secret", "", kInvalid, {}};
    const std::string put = std::string("mount: ") + mount;
    c.put = put;
    const Objects objects = Yaml(Text(c));
    ASSERT_TRUE(objects.connections.at(0).refused.has_value()) << mount;
    EXPECT_EQ(objects.connections[0].refused->reason, "PathNotAllowed");
  }
}

TEST(BadManifestsTest, AHostileNumberOfProblemsIsCounted) {
  std::string text(kGrant);
  for (int i = 0; i < 1000; ++i) text += "  f" + std::to_string(i) + ": 1\n";
  const Objects objects = Yaml(text);
  ASSERT_EQ(objects.problems.size(), 51U);
  EXPECT_EQ(ToString(objects.problems[0]),
            "m.yaml:1: 950 more problems; put these right first");
  EXPECT_EQ(objects.problems[0].severity, kUndecodable);
}

TEST(BadManifestsTest, WarningsDoNotCrowdOutWhatRefuses) {
  std::string subjects;
  for (int i = 0; i < 64; ++i) subjects += "    - {kind: User, name: alice}\n";
  BadCase c{
      kGrant, "    - {kind: User, name: alice}\n", subjects, kInvalid, {}};
  std::string text = Text(c);
  text += "  reason: \"\"\n";
  const Objects objects = Yaml(text);
  ASSERT_TRUE(objects.grants.at(0).refused.has_value());
  EXPECT_EQ(objects.grants[0].refused->detail, "spec.reason: empty");
}

}  // namespace
}  // namespace claviger::model
