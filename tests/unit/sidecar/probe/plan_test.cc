// SPDX-License-Identifier: Apache-2.0
//
// Where a connection is tested, how it is trusted, and what is sent.
#include "sidecar/probe/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::sidecar::probe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class PlanTest : public ::testing::Test {
 protected:
  void Be(const std::string& provider, const std::string& type) {
    facts_->provider = provider;
    facts_->credential_type = type;
  }
  void Put(const std::string& name, std::string value) {
    fields_.erase(name);
    fields_.emplace(name, Secret(std::move(value)));
  }
  std::variant<std::shared_ptr<const Plan>, Fault> Make() {
    proxy::Permit permit;
    permit.facts = facts_;
    permit.caller = "sa/reports/nightly";
    return MakePlan(permit, fields_);
  }
  std::shared_ptr<const Plan> Good() {
    auto made = Make();
    if (const auto* fault = std::get_if<Fault>(&made)) {
      ADD_FAILURE() << fault->detail;
      return std::make_shared<Plan>();
    }
    return std::get<std::shared_ptr<const Plan>>(made);
  }
  std::string ReasonOfFault() {
    const auto made = Make();
    const auto* fault = std::get_if<Fault>(&made);
    return fault == nullptr ? "" : std::string(fault->reason);
  }

  std::shared_ptr<access::ConnectionFacts> facts_ =
      std::make_shared<access::ConnectionFacts>();
  proxy::Fields fields_;
};

TEST_F(PlanTest, LogsInAtPostgresAsASessionWould) {
  Be("postgresql", "password");
  facts_->endpoint.host = "dw.corp";
  facts_->endpoint.hosts = {"dw2.corp:6432"};
  facts_->endpoint.database = "sales";
  Put("username", "app");
  Put("password", "pw");
  const auto plan = Good();
  ASSERT_THAT(plan->servers, SizeIs(2));
  EXPECT_EQ(ToString(plan->servers[0].address), "dw.corp:5432");
  EXPECT_EQ(ToString(plan->servers[1].address), "dw2.corp:6432");
  EXPECT_NE(plan->servers[0].tls, nullptr);
  EXPECT_EQ(plan->database, "sales");
  EXPECT_THAT(plan->no_login, IsEmpty());
  const auto* name = postgres::Find(plan->parameters, "application_name");
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(*name, "sa/reports/nightly");
  EXPECT_EQ(postgres::Find(plan->parameters, "user"), nullptr);
}

TEST_F(PlanTest, ACredentialThatCannotBeUsedIsAFaultOfIt) {
  Be("postgresql", "password");
  facts_->endpoint.host = "dw.corp";
  Put("username", "app");
  EXPECT_EQ(ReasonOfFault(), "SecretMissing");
  Put("password", std::string("p\0w", 3));
  EXPECT_EQ(ReasonOfFault(), "CredentialUnusable");
  Be("http", "token");
  facts_->endpoint.url = "https://api.corp";
  Put("token", "line\n");
  EXPECT_EQ(ReasonOfFault(), "CredentialUnusable");
}

TEST_F(PlanTest, AsksTheUrlWithTheCredentialInItsPlace) {
  Be("http", "token");
  facts_->endpoint.url = "https://api.corp:8443/v1/";
  Put("token", "canary-1234");
  const auto plan = Good();
  ASSERT_THAT(plan->servers, SizeIs(1));
  EXPECT_EQ(ToString(plan->servers[0].address), "api.corp:8443");
  EXPECT_NE(plan->servers[0].tls, nullptr);
  EXPECT_THAT(plan->request.Reveal(), StartsWith("GET /v1 HTTP/1.1\r\n"));
  EXPECT_THAT(plan->request.Reveal(), HasSubstr("Host: api.corp:8443\r\n"));
  EXPECT_THAT(plan->request.Reveal(),
              HasSubstr("Authorization: Bearer canary-1234\r\n"));
}

TEST_F(PlanTest, StaysBelowThePathsAndMethodsOfTheConnection) {
  Be("http", "token");
  facts_->endpoint.url = "https://api.corp";
  facts_->endpoint.path_prefixes = {"/v2/items"};
  Put("token", "canary-1234");
  EXPECT_THAT(Good()->request.Reveal(), StartsWith("GET /v2/items HTTP/1.1"));
  facts_->endpoint.methods = {"POST"};
  const auto plan = Good();
  EXPECT_TRUE(plan->request.empty());
  EXPECT_THAT(plan->no_login, HasSubstr("no GET"));
}

TEST_F(PlanTest, PlainHttpIsForWhomSaysInsecure) {
  Be("http", "token");
  facts_->endpoint.url = "http://api.corp";
  Put("token", "canary-1234");
  EXPECT_EQ(ReasonOfFault(), "NotReady");
  facts_->endpoint.insecure = true;
  EXPECT_EQ(Good()->servers[0].tls, nullptr);
}

TEST_F(PlanTest, SendsNothingOfWhatItCannotPlace) {
  Be("s3", "aws-static");
  facts_->endpoint.url = "https://s3.corp";
  Put("secret_access_key", "canary-1234");
  const auto plan = Good();
  EXPECT_TRUE(plan->request.empty());
  EXPECT_THAT(plan->no_login, HasSubstr("aws-static"));
  EXPECT_NE(plan->servers[0].tls, nullptr);
}

TEST_F(PlanTest, ReachesOthersByTcpAndByTlsWhereTheyBeginWithIt) {
  Put("username", "app");
  Put("password", "canary-1234");
  facts_->endpoint.host = "host.corp";
  struct Case {
    const char* provider;
    const char* where;
    bool tls;
  };
  for (const Case& one : {Case{"mysql", "host.corp:3306", false},
                          Case{"mongodb", "host.corp:27017", true},
                          Case{"redis", "host.corp:6379", true},
                          Case{"ldap", "host.corp:636", true},
                          Case{"ssh", "host.corp:22", false}}) {
    Be(one.provider, "password");
    const auto plan = Good();
    ASSERT_THAT(plan->servers, SizeIs(1)) << one.provider;
    EXPECT_EQ(ToString(plan->servers[0].address), one.where);
    EXPECT_EQ(plan->servers[0].tls != nullptr, one.tls) << one.provider;
    EXPECT_THAT(plan->no_login, HasSubstr("not spoken here"));
    EXPECT_TRUE(plan->request.empty());
  }
  Be("ldap", "password");
  facts_->endpoint.port = 389;
  EXPECT_EQ(Good()->servers[0].tls, nullptr);
  Be("redis", "password");
  facts_->endpoint.tls.mode = "disable";
  EXPECT_EQ(Good()->servers[0].tls, nullptr);
  EXPECT_THAT(Good()->no_tls, HasSubstr("disable"));
}

TEST_F(PlanTest, AnEndpointWithoutAHostCannotBeTested) {
  Be("mysql", "password");
  EXPECT_EQ(ReasonOfFault(), "NotReady");
}

}  // namespace
}  // namespace claviger::sidecar::probe
