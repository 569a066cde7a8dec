// SPDX-License-Identifier: Apache-2.0
#include "access/stamp.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

#include "support/builders.h"

namespace claviger::access {
namespace {

using model::Connection;

Connection Warehouse() {
  Connection connection = testing::AConnection("sales/warehouse");
  connection.endpoint.host = "dw.corp";
  connection.endpoint.port = 5432;
  connection.endpoint.parameters = {{"application_name", "bi"}};
  return connection;
}

TEST(EndpointFingerprintTest, IsSixtyFourHexDigitsAndRepeatable) {
  const std::string text = EndpointFingerprint(Warehouse());
  EXPECT_EQ(text.size(), 64U);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(text, EndpointFingerprint(Warehouse()));
}

TEST(EndpointFingerprintTest, ChangesWithWhateverMovesOrShowsTheSecret) {
  const std::vector<std::function<void(Connection&)>> changes = {
      [](Connection& c) { c.provider = "mysql"; },
      [](Connection& c) { c.endpoint.host = "evil.example"; },
      [](Connection& c) { c.endpoint.port = 5433; },
      [](Connection& c) { c.endpoint.port.reset(); },
      [](Connection& c) { c.endpoint.url = "https://dw.corp"; },
      [](Connection& c) { c.endpoint.hosts = {"dw.corp"}; },
      [](Connection& c) { c.endpoint.database = "dw"; },
      [](Connection& c) { c.endpoint.insecure = true; },
      [](Connection& c) { c.endpoint.methods = {"GET"}; },
      [](Connection& c) { c.endpoint.path_prefixes = {"/v1"}; },
      [](Connection& c) { c.endpoint.tls.mode = "require"; },
      [](Connection& c) { c.endpoint.tls.ca_bundle = "PEM"; },
      [](Connection& c) { c.endpoint.tls.server_name = "evil.example"; },
      [](Connection& c) { c.endpoint.parameters.clear(); },
      [](Connection& c) { c.server_side_only = false; },
      [](Connection& c) { c.secret_readers = model::SecretReaders::kUsers; }};
  std::set<std::string> seen = {EndpointFingerprint(Warehouse())};
  for (size_t i = 0; i < changes.size(); ++i) {
    Connection changed = Warehouse();
    changes[i](changed);
    EXPECT_TRUE(seen.insert(EndpointFingerprint(changed)).second) << i;
  }
}

TEST(EndpointFingerprintTest, DoesNotMixNeighbouringFields) {
  Connection a = Warehouse();
  Connection b = Warehouse();
  a.endpoint.hosts = {"ab", "c"};
  b.endpoint.hosts = {"a", "bc"};
  EXPECT_NE(EndpointFingerprint(a), EndpointFingerprint(b));
}

TEST(EndpointFingerprintTest, IsIndifferentToWhatTheConsentIsNotAbout) {
  Connection other = Warehouse();
  other.metadata.generation = 9;
  other.owner = testing::User("mallory");
  other.sharing.mode = model::SharingMode::kOrganization;
  EXPECT_EQ(EndpointFingerprint(other), EndpointFingerprint(Warehouse()));
}

}  // namespace
}  // namespace claviger::access
