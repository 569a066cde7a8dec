// SPDX-License-Identifier: Apache-2.0
#include "providers/compatibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/manifests.h"

namespace claviger::providers {
namespace {

using model::Connection;
using model::CredentialMode;
using model::Objects;
using model::Problem;
using model::SharingMode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Connection AConnection(std::string provider, std::string type) {
  Connection connection;
  connection.metadata.ns = "sales";
  connection.metadata.name = "dw";
  connection.provider = std::move(provider);
  connection.credentials.type = std::move(type);
  const Provider* row = Find(connection.provider);
  if (row != nullptr && row->family == EndpointFamily::kUrl) {
    connection.endpoint.url = "https://api.corp";
  } else {
    connection.endpoint.host = "dw.corp";
  }
  connection.server_side_only = row != nullptr && row->has_injector;
  return connection;
}

std::vector<std::string> Lines(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(ToString(problem));
  return lines;
}

std::vector<std::string> Check(const Connection& connection) {
  return Lines(CheckCompatibility(connection));
}

TEST(CompatibilityTest, AcceptsEveryTypeThatTheCatalogueListsForAProvider) {
  for (const Provider& provider : AllProviders()) {
    for (const std::string_view id : provider.types) {
      Connection connection =
          AConnection(std::string(provider.id), std::string(id));
      connection.credentials.mode = CredentialMode::kPerUser;
      connection.endpoint.parameters["host_key"] = "SHA256:x";
      if (!provider.TakesParameter("host_key")) {
        connection.endpoint.parameters.clear();
      }
      for (const Problem& problem : CheckCompatibility(connection)) {
        EXPECT_EQ(problem.severity, Problem::Severity::kWarning)
            << provider.id << " " << id << " " << ToString(problem);
      }
    }
  }
}

TEST(CompatibilityTest, RefusesAnUnknownProviderAndSuggestsTheNearest) {
  EXPECT_THAT(Check(AConnection("postgres", "password")),
              ElementsAre("spec.provider: unknown provider \"postgres\"; did "
                          "you mean postgresql?"));
}

TEST(CompatibilityTest, RefusesAnUnknownTypeAndListsThoseOfTheProvider) {
  EXPECT_THAT(Check(AConnection("redis", "passwort")),
              ElementsAre("spec.credentials.type: unknown type \"passwort\"; "
                          "did you mean password?"));
  EXPECT_THAT(Check(AConnection("redis", "zzz")),
              ElementsAre("spec.credentials.type: unknown type \"zzz\"; use "
                          "password or dyn"));
}

TEST(CompatibilityTest, RefusesATypeThatTheProviderDoesNotTake) {
  EXPECT_THAT(Check(AConnection("mysql", "token")),
              ElementsAre("spec.credentials.type: provider mysql takes no "
                          "credentials of type token; use password, "
                          "client-cert or dyn"));
}

TEST(CompatibilityTest, ReportsProviderAndTypeInOneGo) {
  EXPECT_EQ(Check(AConnection("postgres", "passwort")).size(), 2U);
}

TEST(CompatibilityTest, NeverSharesAPersonsCredential) {
  for (const SharingMode mode :
       {SharingMode::kOrganization, SharingMode::kGroups}) {
    Connection connection = AConnection("http", "oauth2-code");
    connection.sharing.mode = mode;
    connection.credentials.mode = CredentialMode::kPerUser;
    EXPECT_THAT(Check(connection),
                ElementsAre("spec.sharing.mode: credentials of type "
                            "oauth2-code belong to one person and cannot be "
                            "shared; set it to ViewerCredentials or Private"));
  }
}

TEST(CompatibilityTest, RefusesModeGlobalForAPersonsCredential) {
  Connection connection = AConnection("snowflake", "exchange");
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.credentials.mode: credentials of type exchange "
                          "belong to one person, Global is for all; set it to "
                          "PerUser"));
  connection.sharing.mode = SharingMode::kViewerCredentials;
  EXPECT_THAT(Check(connection), IsEmpty());
}

TEST(CompatibilityTest, RefusesViewerCredentialsWhereNoViewerIsSeen) {
  Connection connection = AConnection("s3", "aws-assume");
  connection.sharing.mode = SharingMode::kViewerCredentials;
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.credentials.type: credentials of type "
                          "aws-assume are never a viewer's own; use aws-webid, "
                          "or set another spec.sharing.mode"));
}

TEST(CompatibilityTest, DemandsServerSideOnlyFalseWithoutAnInjector) {
  Connection connection = AConnection("oracle", "password");
  connection.server_side_only = true;
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.serverSideOnly: provider oracle has no "
                          "injector, so nobody could use the connection "
                          "server-side only; set spec.serverSideOnly: false"));
}

TEST(CompatibilityTest, RefusesTheOtherFamilysEndpoint) {
  Connection connection = AConnection("snowflake", "token");
  connection.endpoint.url.clear();
  connection.endpoint.host = "sf.corp";
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.endpoint.host: provider snowflake takes a url; "
                          "write url: https://..."));
  connection = AConnection("postgresql", "password");
  connection.endpoint.host.clear();
  connection.endpoint.url = "https://dw.corp";
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.endpoint.url: provider postgresql takes host "
                          "and port; write host: and, if it is not 5432, "
                          "port:"));
}

TEST(CompatibilityTest, RefusesFieldsThatTheProviderDoesNotHave) {
  Connection connection = AConnection("ssh", "ssh-key");
  connection.endpoint.parameters["host_key"] = "SHA256:x";
  connection.endpoint.hosts = {"a.corp"};
  connection.endpoint.database = "x";
  connection.endpoint.methods = {"GET"};
  connection.endpoint.path_prefixes = {"/"};
  EXPECT_THAT(
      Check(connection),
      UnorderedElementsAre(
          "spec.endpoint.methods: provider ssh takes no methods; remove it",
          "spec.endpoint.pathPrefixes: provider ssh takes no pathPrefixes; "
          "remove it",
          "spec.endpoint.hosts: provider ssh takes no hosts; remove it",
          "spec.endpoint.database: provider ssh takes no database; remove it"));
}

TEST(CompatibilityTest, AllowsOnlyTheProvidersParameters) {
  Connection connection = AConnection("postgresql", "password");
  connection.endpoint.parameters = {{"application_name", "bi"},
                                    {"aplication_name", "bi"},
                                    {"sslmode", "disable"}};
  EXPECT_THAT(
      Check(connection),
      ElementsAre("spec.endpoint.parameters.aplication_name: provider "
                  "postgresql has no such parameter; did you mean "
                  "application_name?",
                  "spec.endpoint.parameters.sslmode: provider postgresql has "
                  "no such parameter; use application_name, channel_binding, "
                  "client_encoding, connect_timeout, options, require_auth, "
                  "search_path, statement_timeout, target_session_attrs or "
                  "timezone"));
}

TEST(CompatibilityTest, RenamesOnlyKeysThatTheTypeHas) {
  Connection connection = AConnection("http", "token");
  connection.credentials.default_slot.emplace();
  connection.credentials.default_slot->vault.keys = {{"token", "api_key"},
                                                     {"pasword", "x"}};
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.credentials.default.vault.keys.pasword: "
                          "credentials of type token have no such key; use "
                          "token"));
}

TEST(CompatibilityTest, WarnsOfAnEngineThatMakesOtherCredentials) {
  Connection connection = AConnection("postgresql", "password");
  connection.credentials.default_slot.emplace();
  connection.credentials.default_slot->vault.engine = model::Engine::kPki;
  const std::vector<Problem> problems = CheckCompatibility(connection);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].severity, Problem::Severity::kWarning);
  EXPECT_EQ(problems[0].what,
            "engine pki does not give credentials of type password");
  connection.credentials.default_slot->vault.engine = model::Engine::kDatabase;
  EXPECT_THAT(Check(connection), IsEmpty());
}

TEST(CompatibilityTest, WarnsOfAnSshServerThatCannotBeVerified) {
  Connection connection = AConnection("sftp", "ssh-key");
  EXPECT_THAT(Check(connection),
              ElementsAre("spec.endpoint.parameters.host_key: missing, so the "
                          "server cannot be verified; add the fingerprint that "
                          "ssh-keygen -l prints"));
}

constexpr std::string_view kManifests =
    R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: sales}
spec:
  provider: oracle
  endpoint: {host: ora.corp}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/dw}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: sales}
spec:
  connection: dw
  subjects: [{kind: Everyone}]
  privileges: []
  credential:
    vault:
      engine: kv2
      mount: secret
      path: sales/x
      keys: {user: u}
)";

TEST(CheckProvidersTest, RefusesConnectionsAndGrantsWithFileAndLine) {
  Objects objects = model::DecodeManifests(kManifests, "m.yaml", false);
  objects.problems.clear();
  CheckProviders(objects);
  EXPECT_THAT(
      Lines(objects.problems),
      ElementsAre("m.yaml:4: spec.serverSideOnly: provider oracle has no "
                  "injector, so nobody could use the connection server-side "
                  "only; set spec.serverSideOnly: false",
                  "m.yaml:23: spec.credential.vault.keys.user: credentials of "
                  "type password have no such key; did you mean username?"));
  ASSERT_TRUE(objects.connections[0].refused.has_value());
  EXPECT_EQ(objects.connections[0].refused->reason, "InvalidSpec");
  EXPECT_EQ(objects.connections[0].refused->fix,
            "set spec.serverSideOnly: false");
  EXPECT_TRUE(objects.grants[0].refused.has_value());
  EXPECT_EQ(objects.problems[0].object, "Connection sales/dw");
  EXPECT_EQ(objects.problems[1].object, "Grant sales/g");
}

TEST(CheckProvidersTest, KeepsAnEarlierRefusal) {
  Objects objects = model::DecodeManifests(kManifests, "m.yaml", false);
  objects.connections[0].refused = model::Refusal{"PathNotAllowed", "d", "f"};
  CheckProviders(objects);
  EXPECT_EQ(objects.connections[0].refused->reason, "PathNotAllowed");
}

}  // namespace
}  // namespace claviger::providers
