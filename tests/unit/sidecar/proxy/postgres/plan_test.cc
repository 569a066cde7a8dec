// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sidecar/proxy/postgres/client_certificate.h"
#include "sidecar/proxy/postgres/server_plan.h"
#include "support/certificates.h"

namespace claviger::sidecar::proxy::pg {
namespace {

class ServerPlanTest : public ::testing::Test {
 protected:
  ServerPlanTest() : facts_(std::make_shared<access::ConnectionFacts>()) {
    facts_->provider = "postgresql";
    facts_->credential_type = "password";
    facts_->endpoint.host = "dw.corp";
    facts_->endpoint.insecure = true;
    facts_->endpoint.tls.mode = "disable";
    fields_.emplace("username", "app");
    fields_.emplace("password", "pw");
  }

  void Put(const std::string& name, std::string value) {
    fields_.erase(name);
    fields_.emplace(name, Secret(std::move(value)));
  }

  Result<std::shared_ptr<const ServerPlan>> Make() {
    Permit permit;
    permit.facts = facts_;
    return MakeServerPlan(permit, fields_);
  }

  ErrorCode Refused() {
    const auto plan = Make();
    EXPECT_FALSE(plan);
    return plan ? ErrorCode::kInternal : plan.error().code;
  }

  std::shared_ptr<access::ConnectionFacts> facts_;
  Fields fields_;
};

TEST_F(ServerPlanTest, ReadsAddressesWithAndWithoutPorts) {
  facts_->endpoint.hosts = {"b.corp", "c.corp:6432", "[2001:db8::1]:7000",
                            "2001:db8::2", "10.0.0.1"};
  const auto plan = Make();
  ASSERT_TRUE(plan);
  std::vector<std::string> seen;
  for (const ServerAddress& address : (*plan)->route->addresses) {
    seen.push_back(address.host + " " + std::to_string(address.port));
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"dw.corp 5432", "b.corp 5432",
                                      "c.corp 6432", "2001:db8::1 7000",
                                      "2001:db8::2 5432", "10.0.0.1 5432"}));
}

TEST_F(ServerPlanTest, AllowsScramAloneUnlessToldOtherwise) {
  const auto plan = Make();
  ASSERT_TRUE(plan);
  EXPECT_TRUE((*plan)->methods.scram);
  EXPECT_FALSE((*plan)->methods.md5 || (*plan)->methods.cleartext ||
               (*plan)->methods.none);
  facts_->endpoint.parameters["require_auth"] = "md5,password";
  const auto weaker = Make();
  ASSERT_TRUE(weaker);
  EXPECT_FALSE((*weaker)->methods.scram);
  EXPECT_TRUE((*weaker)->methods.md5 && (*weaker)->methods.cleartext);
}

TEST_F(ServerPlanTest, RefusesWhatCannotBeUsed) {
  facts_->endpoint.parameters["require_auth"] = "gss";
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  facts_->endpoint.parameters = {{"channel_binding", "yes"}};
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  facts_->endpoint.parameters = {{"target_session_attrs", "master"}};
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  facts_->endpoint.parameters = {};
  Put("password", "a\xc2\xa0z");  // the server would take "a z"
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  Put("password", std::string("a\0b", 3));
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  Put("password", "");
  EXPECT_EQ(Refused(), ErrorCode::kNotFound);
  Put("password", "pw");
  Put("username", std::string(256, 'u'));
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  Put("username", "app");
  facts_->credential_type = "kerberos";
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  facts_->credential_type = "password";
  facts_->endpoint.host = "";
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
}

TEST_F(ServerPlanTest, SpeaksPlaintextOnlyWhereInsecureIsSaid) {
  facts_->endpoint.insecure = false;
  EXPECT_EQ(Refused(), ErrorCode::kInvalidArgument);
  facts_->endpoint.tls.mode = "require";
  const auto plan = Make();
  ASSERT_TRUE(plan);
  EXPECT_TRUE((*plan)->route->tls);
}

TEST_F(ServerPlanTest, LogsInByTheNameInAClientCertificate) {
  const auto authority = *testing::CertificateAuthority::Create("ours");
  testing::CertificateWish wish;
  wish.common_name = "batch";
  const auto issued = *authority.Issue(wish);
  facts_->credential_type = "client-cert";
  facts_->endpoint.tls = {};
  facts_->endpoint.tls.ca_bundle = authority.certificate_pem();
  Put("certificate", issued.certificate_pem);
  Put("private_key", issued.key_pem);
  const auto plan = Make();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ((*plan)->user, "batch");
  EXPECT_TRUE((*plan)->methods.none);
  EXPECT_TRUE((*plan)->password.empty());
  EXPECT_EQ(CommonNameOf("no certificate"), "");
}

}  // namespace
}  // namespace claviger::sidecar::proxy::pg
