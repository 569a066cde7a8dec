// SPDX-License-Identifier: Apache-2.0
//
// Each engine against the answers that Vault's and OpenBao's engines give.
#include "sidecar/engines/engines.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "support/fake_vault_api.h"

namespace claviger::sidecar {
namespace {

using Kind = life::Lifetime::Kind;
using std::chrono::seconds;
using testing::FakeClock;
using testing::FakeVaultApi;

class EnginesTest : public ::testing::Test {
 protected:
  Result<Obtained> Read(model::Engine engine, const std::string& answer) {
    model::VaultRef ref;
    ref.engine = engine;
    ref.mount = "m";
    ref.path = "a/b";
    ref.role = "r";
    api.Answer(200, answer);
    return engines.Of(engine).Read(ref, token);
  }
  static std::string Field(const Result<Obtained>& obtained,
                           const std::string& name) {
    if (!obtained) return "error: " + obtained.error().message;
    const auto& fields = obtained->credential.fields;
    const auto found = fields.find(name);
    return found == fields.end() ? "(none)"
                                 : std::string(found->second.Reveal());
  }

  FakeVaultApi api;
  FakeClock clock;
  Secret token{std::string("s.1")};
  testing::FakeRandom random;
  Engines engines{api, clock, random, {"reports", "nightly"}};
};

TEST_F(EnginesTest, KvHasNoEndAndVersion2AVersion) {
  const auto second = Read(model::Engine::kKv2,
                           R"({"data":{"data":{"password":"p","n":5,"o":{}},
                               "metadata":{"version":7}}})");
  EXPECT_EQ(Field(second, "password"), "p");
  EXPECT_EQ(Field(second, "n"), "5");
  EXPECT_EQ(Field(second, "o"), "(none)");
  EXPECT_EQ(second->credential.version, 7);
  EXPECT_EQ(second->lifetime.kind, Kind::kEndless);
  EXPECT_EQ(api.seen().at(0).path, "m/data/a/b");

  const auto first =
      Read(model::Engine::kKv1,
           R"({"lease_duration":2764800,"data":{"password":"p"}})");
  EXPECT_EQ(Field(first, "password"), "p");
  EXPECT_EQ(first->lifetime.kind, Kind::kEndless);
  EXPECT_EQ(api.seen().at(1).path, "m/a/b");
}

TEST_F(EnginesTest, ADynamicDatabaseRoleIsALeaseAndNeverReadTwice) {
  const auto user = Read(model::Engine::kDatabase,
                         R"({"lease_id":"m/creds/r/x","lease_duration":60,
                             "renewable":true,
                             "data":{"username":"v-1","password":"p"}})");
  EXPECT_EQ(Field(user, "username"), "v-1");
  EXPECT_EQ(user->lease_id, "m/creds/r/x");
  EXPECT_EQ(user->lifetime.kind, Kind::kLease);
  EXPECT_EQ(user->lifetime.ttl, seconds(60));
  EXPECT_TRUE(user->lifetime.renewable);
  EXPECT_TRUE(user->lifetime.of_login);
  EXPECT_EQ(api.seen().at(0).path, "m/creds/r");
  EXPECT_FALSE(api.seen().at(0).idempotent);
}

TEST_F(EnginesTest, ADatabaseKeyPairHasOurName) {
  EXPECT_EQ(Field(Read(model::Engine::kDatabase,
                       R"({"lease_id":"l","lease_duration":1,
                           "data":{"username":"u","rsa_private_key":"k"}})"),
                  "private_key"),
            "k");
}

TEST_F(EnginesTest, AStaticRoleIsGoodUntilItIsRotated) {
  const std::string answer =
      R"({"lease_id":"","lease_duration":0,"data":{"username":"app",
          "password":"p","last_vault_rotation":"2026-01-01T00:00:00.5Z",
          "rotation_period":3600,"ttl":120}})";
  const auto app = Read(model::Engine::kDatabaseStatic, answer);
  EXPECT_EQ(Field(app, "password"), "p");
  EXPECT_EQ(app->lifetime.kind, Kind::kRotated);
  EXPECT_EQ(app->lifetime.ttl, seconds(120));
  EXPECT_EQ(app->credential.version, 1'767'225'600'500);
  EXPECT_EQ(Field(app, "ttl"), "(none)");  // or each read would be a change
  EXPECT_EQ(api.seen().at(0).path, "m/static-creds/r");
  EXPECT_TRUE(api.seen().at(0).idempotent);

  Read(model::Engine::kLdapStatic, answer);
  EXPECT_EQ(api.seen().at(1).path, "m/static-cred/r");
}

TEST_F(EnginesTest, AStaticRolesTtlMayBeNegativeOrMissing) {
  const auto late = Read(model::Engine::kDatabaseStatic,
                         R"({"data":{"username":"a","password":"p",
                                     "ttl":-3}})");
  EXPECT_EQ(late->lifetime.ttl, seconds(0));
  const auto silent = Read(model::Engine::kDatabaseStatic,
                           R"({"data":{"username":"a","password":"p"}})");
  EXPECT_EQ(silent->lifetime.kind, Kind::kEndless);
}

TEST_F(EnginesTest, AwsKeysHaveOurNames) {
  const auto keys = Read(model::Engine::kAws,
                         R"({"lease_id":"m/creds/r/x","lease_duration":900,
                             "renewable":false,
                             "data":{"access_key":"AKIA","secret_key":"s",
                                     "security_token":"t"}})");
  EXPECT_EQ(Field(keys, "access_key_id"), "AKIA");
  EXPECT_EQ(Field(keys, "secret_access_key"), "s");
  EXPECT_EQ(Field(keys, "session_token"), "t");
  EXPECT_FALSE(keys->lifetime.renewable);
  // A user's keys have no session.
  EXPECT_EQ(Field(Read(model::Engine::kAws,
                       R"({"lease_id":"l","lease_duration":900,
                           "data":{"access_key":"A","secret_key":"s",
                                   "security_token":null}})"),
                  "session_token"),
            "(none)");
}

TEST_F(EnginesTest, ACertificateIsIssuedToTheServiceAccount) {
  const auto one = Read(model::Engine::kPki,
                        R"({"lease_id":"","lease_duration":0,
                            "data":{"certificate":"CERT","private_key":"KEY",
                                    "issuing_ca":"CA","ca_chain":["CA"],
                                    "expiration":1767229200}})");
  EXPECT_EQ(Field(one, "certificate"), "CERT");
  EXPECT_EQ(Field(one, "ca"), "CA");
  EXPECT_EQ(one->lifetime.kind, Kind::kLease);
  EXPECT_EQ(one->lifetime.ttl, seconds(3'600));
  EXPECT_FALSE(one->lifetime.renewable);
  EXPECT_FALSE(one->lifetime.of_login);  // no lease
  const auto seen = api.seen().at(0);
  EXPECT_EQ(seen.path, "m/issue/r");
  EXPECT_EQ(seen.verb, vault::Verb::kWrite);
  EXPECT_EQ(seen.body, R"({"common_name":"nightly.reports"})");
}

TEST_F(EnginesTest, ACertificateWithoutAnEndIsRefused) {
  for (const char* expiration :
       {"", R"(,"expiration":0)", R"(,"expiration":9223372036854775807)"}) {
    EXPECT_EQ(Read(model::Engine::kPki, R"({"data":{"certificate":"C")" +
                                            std::string(expiration) + "}}")
                  .error()
                  .code,
              ErrorCode::kMalformed);
  }
}

TEST_F(EnginesTest, AnyPathIsALeaseWhereItHasOneAndElseCompared) {
  const auto leased = Read(model::Engine::kRead,
                           R"({"lease_id":"m/a/b/1","lease_duration":30,
                               "renewable":true,"data":{"token":"t"}})");
  EXPECT_EQ(leased->lifetime.kind, Kind::kLease);
  const auto plain = Read(model::Engine::kRead,
                          R"({"lease_duration":30,"data":{"token":"t"}})");
  EXPECT_EQ(plain->lifetime.kind, Kind::kEndless);
  EXPECT_EQ(plain->lifetime.ttl, seconds(30));
  EXPECT_EQ(api.seen().at(0).path, "m/a/b");
}

TEST_F(EnginesTest, ThereIsOneForEachThatAReferenceCanName) {
  for (const char* name : {"kv1", "kv2", "database", "database-static", "ldap",
                           "ldap-static", "aws", "pki", "ssh", "read"}) {
    EXPECT_NO_THROW(engines.Of(*model::ParseEngine(name))) << name;
  }
}

TEST_F(EnginesTest, ErrorsAreHandedOn) {
  api.Break(ErrorCode::kPermissionDenied);
  model::VaultRef ref;
  ref.engine = model::Engine::kDatabase;
  ref.mount = "m";
  ref.role = "r";
  EXPECT_EQ(engines.Of(ref.engine).Read(ref, token).error().code,
            ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace claviger::sidecar
