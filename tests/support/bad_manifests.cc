// SPDX-License-Identifier: Apache-2.0
#include "support/bad_manifests.h"

namespace claviger::testing {
namespace {

using model::Problem;

constexpr auto kWarning = Problem::Severity::kWarning;
constexpr auto kInvalid = Problem::Severity::kInvalid;
constexpr auto kUndecodable = Problem::Severity::kUndecodable;

}  // namespace

const std::string_view kGoodConnection =
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
const std::string_view kGoodGrant =
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
const std::string_view kGoodGroup =
    R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec:
  members:
    - {kind: User, name: bob}
  admins: [{kind: User, name: carol}]
  claim: {name: groups, value: fin}
)";

std::string Text(const BadManifest& bad) {
  std::string text(bad.base);
  const size_t at = text.find(bad.find);
  if (at == std::string::npos) return "no such text: " + std::string(bad.find);
  return text.replace(at, bad.find.size(), bad.put);
}

std::vector<BadManifest> UnknownFields() {
  return {
      {kGoodConnection,
       "  provider:",
       "  provder:",
       kUndecodable,
       {"m.yaml:4: spec.provider: required, but missing; add it",
        "m.yaml:5: spec.provder: unknown field; did you mean provider?"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, verify: true}",
       kUndecodable,
       {"m.yaml:6: spec.endpoint.verify: unknown field; remove it"}},
      {kGoodConnection,
       "spec:",
       "Spec: {}\nspec:",
       kUndecodable,
       {"m.yaml:4: Spec: unknown field; did you mean spec?"}},
      {kGoodConnection,
       "namespace: sales}",
       "namespace: sales, label: {}}",
       kUndecodable,
       {"m.yaml:3: metadata.label: unknown field; did you mean labels?"}},
      {kGoodConnection,
       "    type: password",
       "    type: password\n    Type: password",
       kUndecodable,
       {"m.yaml:10: spec.credentials.Type: unknown field; did you mean "
        "type?"}},
      {kGoodConnection,
       "path: sales/dw}",
       "path: sales/dw, key: {}}",
       kUndecodable,
       {"m.yaml:10: spec.credentials.default.vault.key: unknown field; "
        "did you mean keys?"}},
      {kGoodGrant,
       "name: alice}",
       "name: alice, ns: x}",
       kUndecodable,
       {"m.yaml:7: spec.subjects[0].ns: unknown field; remove it"}},
      {kGoodGroup,
       "  claim:",
       "  owner: me\n  claim:",
       kUndecodable,
       {"m.yaml:8: spec.owner: unknown field; remove it"}},
  };
}

std::vector<BadManifest> WrongTypes() {
  return {
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 600",
       kUndecodable,
       {"m.yaml:10: spec.credentials.maxStale: "
        "expected a duration, such as 30s, 10m or 12h, found a number; write a "
        "duration, such as 30s, 10m or 12h"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 10d",
       kUndecodable,
       {"m.yaml:10: spec.credentials.maxStale: "
        "\"10d\" is not a duration; write it like 30s, 10m or 12h"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 1h30m",
       kUndecodable,
       {"m.yaml:10: spec.credentials.maxStale: "
        "\"1h30m\" is not a duration; write it like 30s, 10m or 12h"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 0s",
       kUndecodable,
       {"m.yaml:10: spec.credentials.maxStale: "
        "\"0s\" is not a duration; write it like 30s, 10m or 12h"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 1000000s",
       kUndecodable,
       {"m.yaml:10: spec.credentials.maxStale: "
        "\"1000000s\" is not a duration; write it like 30s, 10m or 12h"}},
      {kGoodConnection,
       "provider: postgresql",
       "provider: 5",
       kUndecodable,
       {"m.yaml:5: spec.provider: expected text, found a number; put it "
        "in quotes"}},
      {kGoodConnection,
       "provider: postgresql",
       "provider: true",
       kUndecodable,
       {"m.yaml:5: spec.provider: expected text, found a boolean; put it "
        "in quotes"}},
      {kGoodConnection,
       "provider: postgresql",
       "provider: [a]",
       kUndecodable,
       {"m.yaml:5: spec.provider: expected text, found a list; write "
        "text"}},
      {kGoodConnection,
       "provider: postgresql",
       "provider: null",
       kUndecodable,
       {"m.yaml:5: spec.provider: expected text, found nothing; write "
        "text, or leave the field out"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "dw.corp",
       kUndecodable,
       {"m.yaml:6: spec.endpoint: expected a map, found text; write a "
        "map"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, port: \"5432\"}",
       kUndecodable,
       {"m.yaml:6: spec.endpoint.port: expected a decimal integer, found "
        "text; write a decimal integer without quotes"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, port: 5432.0}",
       kUndecodable,
       {"m.yaml:6: spec.endpoint.port: expected a decimal integer, found "
        "a number; write a decimal integer"}},
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Groups, groups: finance}",
       kUndecodable,
       {"m.yaml:7: spec.sharing.groups: expected a list, found text; "
        "write a list"}},
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Groups, groups: [{a: b}]}",
       kUndecodable,
       {"m.yaml:7: spec.sharing.groups[0]: expected text, found a map; "
        "write text"}},
      {kGoodConnection,
       "  credentials:",
       "  serverSideOnly: yes\n  credentials:",
       kUndecodable,
       {"m.yaml:8: spec.serverSideOnly: expected true or false, found "
        "text; write true or false"}},
      {kGoodConnection,
       "  credentials:",
       "  serverSideOnly: \"true\"\n  credentials:",
       kUndecodable,
       {"m.yaml:8: spec.serverSideOnly: expected true or false, found "
        "text; write true or false without quotes"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, parameters: {connect_timeout: 10}}",
       kUndecodable,
       {"m.yaml:6: spec.endpoint.parameters.connect_timeout: expected "
        "text, found a number; put it in quotes"}},
      {kGoodGrant,
       "  effect: Allow",
       "  notBefore: tomorrow",
       kUndecodable,
       {"m.yaml:8: spec.notBefore: \"tomorrow\" is not an RFC 3339 time; "
        "write it like \"2026-12-01T00:00:00Z\""}},
      {kGoodGrant,
       "    - {kind: User, name: alice}",
       "    - alice",
       kUndecodable,
       {"m.yaml:7: spec.subjects[0]: expected a map, found text; write a "
        "map"}},
      {kGoodConnection,
       "spec:",
       "status: [1]\nx-spec: 1\nspec:",
       kUndecodable,
       {"m.yaml:5: x-spec: unknown field; did you mean spec?"}},
  };
}

std::vector<BadManifest> UnknownWords() {
  return {
      {kGoodConnection,
       "mode: Private",
       "mode: private",
       kUndecodable,
       {"m.yaml:7: spec.sharing.mode: unknown value \"private\"; did you "
        "mean Private?"}},
      {kGoodConnection,
       "mode: Private",
       "mode: Nobody",
       kUndecodable,
       {"m.yaml:7: spec.sharing.mode: unknown value \"Nobody\"; use "
        "Private, Organization, Groups or ViewerCredentials"}},
      {kGoodConnection,
       "engine: kv2",
       "engine: kv3",
       kUndecodable,
       {"m.yaml:10: spec.credentials.default.vault.engine: unknown value "
        "\"kv3\"; did you mean kv1?"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    mode: all",
       kUndecodable,
       {"m.yaml:10: spec.credentials.mode: unknown value \"all\"; use "
        "Global, PerUser or Layered"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, tls: {mode: verify_full}}",
       kUndecodable,
       {"m.yaml:6: spec.endpoint.tls.mode: unknown value \"verify_full\"; "
        "did you mean verify-full?"}},
      {kGoodConnection,
       "  sharing:",
       "  owner: {kind: Everyone}\n  sharing:",
       kUndecodable,
       {"m.yaml:7: spec.owner.kind: unknown value \"Everyone\"; use User, "
        "ServiceAccount or Group"}},
      {kGoodConnection,
       "  sharing:",
       "  deletionPolicy: block\n  secretReaders: all\n  sharing:",
       kUndecodable,
       {"m.yaml:7: spec.deletionPolicy: unknown value \"block\"; did you "
        "mean Block?",
        "m.yaml:8: spec.secretReaders: unknown value \"all\"; use Users "
        "or Granted"}},
      {kGoodGrant,
       "[use]",
       "[use, read]",
       kUndecodable,
       {"m.yaml:9: spec.privileges[1]: unknown value \"read\"; did you "
        "mean readSecret?"}},
      {kGoodGrant,
       "kind: User",
       "kind: Namespace",
       kUndecodable,
       {"m.yaml:7: spec.subjects[0].kind: unknown value \"Namespace\"; "
        "use ServiceAccount, User, Group or Everyone"}},
      {kGoodGroup,
       "kind: User, name: bob",
       "kind: Everyone",
       kUndecodable,
       {"m.yaml:6: spec.members[0].kind: unknown value \"Everyone\"; use "
        "ServiceAccount, Namespace, User or Group"}},
      {kGoodGroup,
       "[{kind: User",
       "[{kind: Namespace",
       kUndecodable,
       {"m.yaml:7: spec.admins[0].kind: unknown value \"Namespace\"; use "
        "User, ServiceAccount or Group"}},
      {kGoodGroup,
       "kind: Group",
       "kind: Gruop",
       kUndecodable,
       {"m.yaml:2: kind: unknown kind \"Gruop\"; did you mean Group?"}},
      {kGoodGroup,
       "v1alpha1",
       "v1",
       kUndecodable,
       {"m.yaml:1: apiVersion: unknown version \"claviger.io/v1\"; set "
        "apiVersion: claviger.io/v1alpha1"}},
      {kGoodGroup,
       "claviger.io/v1alpha1",
       "claviger/v1alpha1",
       kUndecodable,
       {"m.yaml:1: apiVersion: unknown version \"claviger/v1alpha1\"; set "
        "apiVersion: claviger.io/v1alpha1"}},
      {kGoodGroup,
       "apiVersion: claviger.io/v1alpha1\n",
       "",
       kUndecodable,
       {"m.yaml:1: apiVersion: required, but missing; set apiVersion: "
        "claviger.io/v1alpha1"}},
  };
}

std::vector<BadManifest> WhatIsRequired() {
  return {
      {kGoodConnection,
       "namespace: sales",
       "labels: {}",
       kInvalid,
       {"m.yaml:3: metadata.namespace: required, but missing; set "
        "metadata.namespace"}},
      {kGoodConnection,
       "name: dw, ",
       "",
       kInvalid,
       {"m.yaml:3: metadata.name: required, but missing; add it"}},
      {kGoodConnection,
       "metadata: {name: dw, namespace: sales}\n",
       "",
       kInvalid,
       {"m.yaml:1: metadata: required, but missing; add it"}},
      {kGoodConnection,
       "  endpoint: {host: dw.corp}\n",
       "",
       kInvalid,
       {"m.yaml:4: spec.endpoint: required, but missing; add it"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{}",
       kInvalid,
       {"m.yaml:6: spec.endpoint: names neither url nor host; add the one "
        "that the provider takes"}},
      {kGoodConnection,
       "    type: password\n",
       "",
       kInvalid,
       {"m.yaml:8: spec.credentials.type: required, but missing; add "
        "it"}},
      {kGoodConnection,
       "engine: kv2, ",
       "",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.engine: required, but "
        "missing; add it"}},
      {kGoodConnection,
       ", path: sales/dw",
       "",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.path: required, but "
        "missing; engine kv2 needs a path"}},
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Groups}",
       kInvalid,
       {"m.yaml:7: spec.sharing.groups: required with mode Groups; name "
        "the groups that may use the connection"}},
      {kGoodConnection,
       "  sharing:",
       "  owner: {kind: ServiceAccount, name: x}\n  sharing:",
       kInvalid,
       {"m.yaml:7: spec.owner.namespace: required, but missing; say in "
        "which namespace the service account is"}},
      {kGoodGrant,
       "  connection: dw\n",
       "",
       kInvalid,
       {"m.yaml:4: spec.connection: required, but missing; add it"}},
      {kGoodGrant,
       "  subjects:\n    - {kind: User, name: alice}\n",
       "",
       kInvalid,
       {"m.yaml:4: spec.subjects: required, but missing; say who is "
        "meant"}},
      {kGoodGrant,
       "\n    - {kind: User, name: alice}",
       " []",
       kInvalid,
       {"m.yaml:6: spec.subjects: empty, so nobody is meant; name at "
        "least one"}},
      {kGoodGrant,
       ", name: alice",
       "",
       kInvalid,
       {"m.yaml:7: spec.subjects[0].name: required, but missing; say who "
        "is meant"}},
      {kGoodGrant,
       "kind: User, ",
       "",
       kInvalid,
       {"m.yaml:7: spec.subjects[0].kind: required, but missing; add "
        "it"}},
      {kGoodGrant,
       "  privileges: [use]",
       "  credential: {vault: {engine: kv2, mount: a, path: b}}",
       kInvalid,
       {"m.yaml:4: spec.privileges: required, but missing; write "
        "`privileges: []` for the credential alone, or list what the "
        "Grant allows"}},
      {kGoodGrant,
       "[use]",
       "[]",
       kInvalid,
       {"m.yaml:9: spec.privileges: empty, and there is no credential; "
        "list what the Grant allows or denies"}},
      {kGoodGroup,
       ", value: fin",
       "",
       kInvalid,
       {"m.yaml:8: spec.claim.value: required, but missing; add it"}},
  };
}

std::vector<BadManifest> ListsThatMustNotBeEmptyWhereGiven() {
  return {
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Organization, groups: []}",
       kInvalid,
       {"m.yaml:7: spec.sharing.groups: needs at least one entry; add "
        "one, or leave the field out"}},
      {kGoodConnection,
       "  sharing:",
       "  workloads: []\n  sharing:",
       kInvalid,
       {"m.yaml:7: spec.workloads: needs at least one entry; add one, or "
        "leave the field out"}},
      {kGoodConnection,
       "  sharing:",
       "  workloads: [{namespace: a, serviceAccounts: []}]\n  sharing:",
       kInvalid,
       {"m.yaml:7: spec.workloads[0].serviceAccounts: needs at least one "
        "entry; add one, or leave the field out"}},
      {kGoodConnection,
       "path: sales/dw}",
       "path: sales/dw, keys: {}}",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.keys: needs at least "
        "one entry; add one, or leave the field out"}},
      {kGoodConnection,
       "host: dw.corp",
       "host: dw.corp, database: \"\"",
       kInvalid,
       {"m.yaml:6: spec.endpoint.database: empty; write something, or "
        "leave the field out"}},
  };
}

std::vector<BadManifest> ValuesOutOfRange() {
  return {
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 9s",
       kInvalid,
       {"m.yaml:10: spec.credentials.maxStale: not between 10s and 168h; "
        "leave it out to serve a credential until its own end"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 169h",
       kInvalid,
       {"m.yaml:10: spec.credentials.maxStale: not between 10s and 168h; "
        "leave it out to serve a credential until its own end"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    maxStale: 604801s",
       kInvalid,
       {"m.yaml:10: spec.credentials.maxStale: not between 10s and 168h; "
        "leave it out to serve a credential until its own end"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, port: 65536}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
        "port of the service"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, port: 99999999999999999999}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
        "port of the service"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, port: -1}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.port: not between 1 and 65535; name the "
        "port of the service"}},
      {kGoodConnection,
       "path: sales/dw",
       "path: sales/dw, version: 0",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.version: versions "
        "begin with 1; name a version, or leave the field out for the "
        "newest"}},
      {kGoodConnection,
       "path: sales/dw",
       "path: sales/dw, version: 1000000001",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.version: no secret has "
        "so many versions; name a version, or leave the field out for the "
        "newest"}},
      {kGoodGrant,
       "[use]",
       "[use, use, use, use, use, use]",
       kInvalid,
       {"m.yaml:9: spec.privileges: 6 entries, at most 5 are accepted; "
        "split it up"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: \"::ffff:10.0.0.1\"}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.host: \"::ffff:10.0.0.1\" is not a host; "
        "use a lower-case DNS name or an IP address"}},
      {kGoodConnection,
       "engine: kv2, mount: secret, path: sales/dw",
       "engine: kv1, mount: secret, path: sales/dw, version: 1",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.version: only engine "
        "kv2 has versions; remove it"}},
      {kGoodConnection,
       "path: sales/dw",
       "path: sales/dw, role: r",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.role: engine kv2 has "
        "no role; remove it, or choose another engine"}},
      {kGoodGrant,
       "[use]",
       "[]\n  credential: {vault: {engine: aws, mount: a, role: b}, "
       "priority: 1001}",
       kInvalid,
       {"m.yaml:10: spec.credential.priority: not between -1000 and 1000; "
        "choose a number in that range"}},
      {kGoodGrant,
       "  effect: Allow",
       "  notBefore: \"2026-01-02T00:00:00Z\"\n"
       "  expiresAt: \"2026-01-02T00:00:00Z\"",
       kInvalid,
       {"m.yaml:9: spec.expiresAt: not after notBefore; let it end after "
        "it begins"}},
      {kGoodConnection,
       "mount: secret",
       "mount: sys/raw",
       kInvalid,
       {"m.yaml:10: spec.credentials.default.vault.mount: \"sys/raw\" is "
        "never a place for credentials; name the mount of a secrets "
        "engine"}},
  };
}

std::vector<BadManifest> DenyIsNarrow() {
  return {
      {kGoodGrant,
       "Allow\n  privileges: [use]",
       "Deny\n  privileges: [use, view]",
       kInvalid,
       {"m.yaml:9: spec.privileges: view cannot be denied; deny use, "
        "readSecret, share or manage"}},
      {kGoodGrant,
       "Allow\n  privileges: [use]",
       "Deny\n  privileges: [use]\n  credential: {vault: {engine: kv2, "
       "mount: a, path: b}}",
       kInvalid,
       {"m.yaml:10: spec.credential: a Deny brings no credential; remove "
        "it, or set spec.effect: Allow"}},
  };
}

std::vector<BadManifest> EndpointsMustBeSafe() {
  return {
      {kGoodConnection,
       "{host: dw.corp}",
       "{url: \"http://a.corp\"}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.url: not https: the credential could be "
        "sniffed; use https, or accept that with insecure: true"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{url: \"http://a.corp\", insecure: true}",
       kWarning,
       {"m.yaml:6: spec.endpoint.insecure: the server is not verified: "
        "who is in between sees the credential; use TLS with "
        "verify-full"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{url: \"https://a.corp\", host: a.corp}",
       kInvalid,
       {"m.yaml:6: spec.endpoint: names both url and host; keep the one "
        "that the provider takes"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{url: \"https://u:p@a.corp\", port: 1}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.url: the url has user "
        "information; write it like https://host.example:8443/base",
        "m.yaml:6: spec.endpoint.port: a url has its own port; write the "
        "port into the url"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, tls: {mode: require}}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.tls.mode: require does not verify the "
        "server, and the connection is server-side-only; use verify-full, "
        "or accept that with insecure: true"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{host: dw.corp, tls: {caBundle: \"<PEM>\"}}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.tls.caBundle: is not PEM; give the "
        "certificates of the authorities in PEM"}},
      {kGoodConnection,
       "{host: dw.corp}",
       "{url: \"https://a.corp\", methods: [GET, TRACE]}",
       kInvalid,
       {"m.yaml:6: spec.endpoint.methods[1]: \"TRACE\" is not an HTTP "
        "method; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"}},
  };
}

std::vector<BadManifest> ValidButProbablyNotMeant() {
  return {
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Organization, groups: [a, a]}",
       kWarning,
       {"m.yaml:7: spec.sharing.groups[1]: repeated; remove it"}},
      {kGoodConnection,
       "{mode: Private}",
       "{mode: Private, groups: [a]}",
       kWarning,
       {"m.yaml:7: spec.sharing.groups: ignored with mode Private; remove "
        "it, or set spec.sharing.mode: Groups"}},
      {kGoodConnection,
       "type: password",
       "type: password\n    mode: PerUser",
       kWarning,
       {"m.yaml:11: spec.credentials.default: ignored: every caller has a "
        "credential of its own; remove it, or set spec.credentials.mode: "
        "Layered"}},
      {kGoodConnection,
       "mode: Private",
       "mode: ViewerCredentials",
       kWarning,
       {"m.yaml:10: spec.credentials.default: ignored: every caller has a "
        "credential of its own; remove it, or set spec.credentials.mode: "
        "Layered"}},
      {kGoodConnection,
       "    default: {vault: {engine: kv2, mount: secret, path: "
       "sales/dw}}\n",
       "    mode: PerUser\n    allowPersonal: false\n",
       kWarning,
       {"m.yaml:11: spec.credentials.allowPersonal: false, so with mode "
        "PerUser only Grants bring credentials; remove it to let callers "
        "store their own"}},
      {kGoodConnection,
       "  sharing:",
       "  secretReaders: Users\n  sharing:",
       kWarning,
       {"m.yaml:7: spec.secretReaders: without effect while the "
        "connection is server-side-only; remove it, or set "
        "spec.serverSideOnly: false"}},
      {kGoodGrant,
       "    - {kind: User, name: alice}\n",
       "    - {kind: User, name: alice}\n    - {kind: User, name: "
       "alice}\n",
       kWarning,
       {"m.yaml:8: spec.subjects[1]: repeated; remove it"}},
      {kGoodGrant,
       "name: alice",
       "name: \"system:serviceaccount:a:b\"",
       kWarning,
       {"m.yaml:7: spec.subjects[0].name: a service account is never met "
        "as a User; use kind: ServiceAccount"}},
      {kGoodGroup,
       "name: finance}",
       "name: finance, namespace: x}",
       kWarning,
       {"m.yaml:3: metadata.namespace: ignored: a Group belongs to the "
        "cluster; remove it"}},
  };
}

std::vector<BadManifest> BadManifests() {
  std::vector<BadManifest> all;
  for (const auto part :
       {UnknownFields, WrongTypes, UnknownWords, WhatIsRequired,
        ListsThatMustNotBeEmptyWhereGiven, ValuesOutOfRange, DenyIsNarrow,
        EndpointsMustBeSafe, ValidButProbablyNotMeant}) {
    for (BadManifest& bad : part()) all.push_back(std::move(bad));
  }
  return all;
}

}  // namespace claviger::testing
