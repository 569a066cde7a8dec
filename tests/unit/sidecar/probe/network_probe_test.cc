// SPDX-License-Identifier: Apache-2.0
//
// Tests of connections over real sockets, to servers that behave and to those
// that do not.
#include "sidecar/probe/network_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "support/certificates.h"
#include "support/scripted_server.h"
#include "support/tls_server.h"

namespace claviger::sidecar::probe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kCanary = "canary-5f3a-token";

proxy::AddressRules LoopbackAllowed() {
  proxy::AddressRules rules;
  rules.allowed = {*proxy::ParseAddressRange("127.0.0.0/8")};
  return rules;
}

class NetworkProbeTest : public ::testing::Test {
 protected:
  NetworkProbeTest() {
    facts_->provider = "http";
    facts_->credential_type = "token";
    facts_->endpoint.insecure = true;
  }

  Report Test() {
    proxy::Permit permit;
    permit.facts = facts_;
    permit.caller = "sa/reports/nightly";
    proxy::Fields fields;
    fields.emplace("token", std::string(kCanary));
    fields.emplace("username", std::string("app"));
    fields.emplace("password", std::string(kCanary));
    std::promise<Report> promise;
    probe_.Begin(std::move(permit), std::move(fields),
                 [&](Report report) { promise.set_value(std::move(report)); });
    Report report = promise.get_future().get();
    std::string said = report.server;
    for (const StepReport& step : report.steps) said += step.note;
    if (report.fault) said += report.fault->detail + report.fault->fix;
    EXPECT_THAT(said, Not(HasSubstr("canary")));
    return report;
  }
  static std::string Last(const Report& report) {
    if (report.steps.empty()) return "";
    return std::string(ToString(report.steps.back().step)) + " " +
           std::string(ToString(report.steps.back().ended));
  }

  SystemClock clock_;
  SystemRandom random_;
  std::shared_ptr<access::ConnectionFacts> facts_ =
      std::make_shared<access::ConnectionFacts>();
  NetworkProbe probe_{clock_, random_, LoopbackAllowed()};
};

TEST_F(NetworkProbeTest, AsksAnHttpServerWithTheCredential) {
  testing::ScriptedServer server({testing::AnswerHttp(200, kCanary)});
  facts_->endpoint.url = server.url() + "/v1";
  const Report report = Test();
  EXPECT_FALSE(report.fault) << report.fault->detail;
  EXPECT_EQ(Last(report), "login ok");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(server.requests()[0], HasSubstr("GET /v1 HTTP/1.1"));
  EXPECT_THAT(server.requests()[0],
              HasSubstr(std::string("Authorization: Bearer ") + kCanary));
}

TEST_F(NetworkProbeTest, TellsRefusalsFromOtherAnswers) {
  struct Case {
    int status;
    const char* last;
  };
  for (const Case& one : {Case{401, "login failed"}, Case{403, "login failed"},
                          Case{404, "login unproven"},
                          Case{500, "login failed"}, Case{302, "login ok"}}) {
    testing::ScriptedServer server({testing::AnswerHttp(
        one.status, kCanary, std::string("X-Echo: ") + kCanary + "\r\n")});
    facts_->endpoint.url = server.url();
    EXPECT_EQ(Last(Test()), one.last) << one.status;
  }
}

TEST_F(NetworkProbeTest, ReadsPastAnswersThatAreNotFinal) {
  testing::ScriptedServer server({testing::AnswerWith(
      "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
      "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")});
  facts_->endpoint.url = server.url();
  EXPECT_EQ(Test().fault->reason, "CredentialRefused");
}

TEST_F(NetworkProbeTest, BoundsWhatAServerSays) {
  for (const auto& script :
       {testing::AnswerWith(kCanary), testing::CloseAtOnce(),
        testing::AnswerWith("HTTP/1.1 200 OK\r\nX: " +
                            std::string(size_t{64} << 10U, 'x'))}) {
    testing::ScriptedServer server({script});
    facts_->endpoint.url = server.url();
    const Report report = Test();
    EXPECT_EQ(Last(report), "login failed");
    EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
  }
}

TEST_F(NetworkProbeTest, SaysThatNobodyListens) {
  std::string url;
  {
    testing::ScriptedServer gone({testing::CloseAtOnce()});
    url = gone.url();
  }
  facts_->endpoint.url = url;
  const Report report = Test();
  EXPECT_EQ(Last(report), "connect failed");
  EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
}

TEST_F(NetworkProbeTest, ConnectsOnlyWhereItMay) {
  testing::ScriptedServer server({testing::AnswerHttp(200, "hi")});
  facts_->endpoint.url = server.url();
  NetworkProbe strict(clock_, random_, {});
  proxy::Permit permit;
  permit.facts = facts_;
  proxy::Fields fields;
  fields.emplace("token", std::string(kCanary));
  std::promise<Report> promise;
  strict.Begin(std::move(permit), std::move(fields),
               [&](Report report) { promise.set_value(std::move(report)); });
  const Report report = promise.get_future().get();
  EXPECT_EQ(Last(report), "address failed");
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(NetworkProbeTest, VerifiesWhoAnswersByTls) {
  auto authority = testing::CertificateAuthority::Create("test");
  ASSERT_TRUE(authority);
  const auto issued = authority->IssueForLoopback();
  ASSERT_TRUE(issued);
  testing::TlsServerSettings settings;
  settings.certificate_pem = issued->certificate_pem;
  settings.key_pem = issued->key_pem;
  testing::TlsServer server(settings);
  facts_->endpoint.url = "https://127.0.0.1:" + std::to_string(server.port());
  facts_->endpoint.tls.ca_bundle = authority->certificate_pem();
  EXPECT_EQ(Last(Test()), "login ok");
  facts_->endpoint.tls.server_name = "other.corp";
  const Report named = Test();
  EXPECT_EQ(Last(named), "tls failed");
  EXPECT_EQ(named.fault->reason, "UpstreamUntrusted");
  facts_->endpoint.tls = {};
  EXPECT_EQ(Last(Test()), "tls failed");
}

TEST_F(NetworkProbeTest, AServerThatIsNoPostgresIsToldFromOneThatRefuses) {
  const testing::Script script = {
      {testing::Step::Kind::kSend, "HTTP/1.1 400 Bad Request\r\n\r\n"}};
  testing::ScriptedServer server({script});
  facts_->provider = "postgresql";
  facts_->credential_type = "password";
  facts_->endpoint.host = "127.0.0.1";
  facts_->endpoint.port = server.port();
  const Report report = Test();
  EXPECT_EQ(Last(report), "tls failed");
  EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
}

TEST_F(NetworkProbeTest, ReachesWhatItDoesNotSpeak) {
  testing::ScriptedServer server({testing::Hang()});
  facts_->provider = "mysql";
  facts_->credential_type = "password";
  facts_->endpoint.host = "127.0.0.1";
  facts_->endpoint.port = server.port();
  const Report report = Test();
  EXPECT_FALSE(report.fault);
  EXPECT_EQ(Last(report), "login unproven");
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(NetworkProbeTest, EndTellsNobodyAnyMore) {
  testing::ScriptedServer server({testing::Hang()});
  facts_->endpoint.url = server.url();
  proxy::Permit permit;
  permit.facts = facts_;
  proxy::Fields fields;
  fields.emplace("token", std::string(kCanary));
  bool told = false;
  probe_.Begin(permit, std::move(fields), [&](const Report&) { told = true; });
  probe_.End();
  probe_.Begin(std::move(permit), {}, [&](const Report&) { told = true; });
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace claviger::sidecar::probe
