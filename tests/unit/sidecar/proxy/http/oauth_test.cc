// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "base/digest.h"
#include "sidecar/proxy/http/oauth_token.h"
#include "support/fake_clock.h"
#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::AnswerWith;
using claviger::testing::FakeClock;
using claviger::testing::Script;
using claviger::testing::ScriptedServer;
using claviger::testing::Step;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: l\r\n\r\n";

std::string Token(const std::string& token, int lasts = 3600) {
  return R"({"access_token":")" + token +
         R"(","token_type":"bearer","expires_in":)" + std::to_string(lasts) +
         "}";
}

std::map<std::string, std::string> ClientOf(const std::string& uri,
                                            const std::string& secret) {
  return {{"client_id", "the client"},
          {"client_secret", secret},
          {"scopes", "read write"},
          {"token_uri", uri}};
}

class OauthTest : public ::testing::Test {
 protected:
  // Each of `tokens` serves one connection of the token server, the last one
  // all further ones.
  void Start(std::vector<Script> tokens,
             std::vector<Script> answers = {AnswerHttp(200, "hello")}) {
    issuer_ = std::make_unique<ScriptedServer>(std::move(tokens));
    server_ = std::make_unique<ScriptedServer>(std::move(answers));
    proxy_.Start(server_->url());
    proxy_.access.SetEndpoint(
        [](auto& facts) { facts.credential_type = "oauth2-client"; });
    proxy_.access.SetCredential(ClientOf(issuer_->url() + "/oauth", kCanary));
  }
  std::string ReasonOf(const std::string& request = kGet) {
    const auto response = proxy_.Ask(request);
    if (!response) return "nothing";
    const size_t begin = response->body.find("\"reason\":\"");
    if (begin == std::string::npos) return response->body;
    const size_t end = response->body.find('"', begin + 10);
    return response->body.substr(begin + 10, end - begin - 10);
  }

  RunningProxy proxy_;
  std::unique_ptr<ScriptedServer> issuer_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(OauthTest, AsksForATokenOnceAndSendsItWithEachRequest) {
  Start({AnswerHttp(200, Token("token-of-ours"))});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ReasonOf(), "hello");
  ASSERT_THAT(issuer_->requests(), SizeIs(1));
  EXPECT_THAT(
      issuer_->requests()[0],
      AllOf(HasSubstr("POST /oauth HTTP/1.1\r\n"),
            HasSubstr("Authorization: Basic " +
                      Base64Encode(std::string("the%20client:") + kCanary)),
            HasSubstr("grant_type=client_credentials&scope=read%20write")));
  ASSERT_THAT(server_->requests(), SizeIs(3));
  for (const std::string& request : server_->requests()) {
    EXPECT_THAT(request, HasSubstr("Authorization: Bearer token-of-ours\r\n"));
    EXPECT_THAT(request, Not(HasSubstr(kCanary)));
  }
}

TEST_F(OauthTest, AsksOnceForAllThatWait) {
  const std::string answer = Token("token-of-ours");
  Start(
      {{{Step::Kind::kReadRequest},
        {Step::Kind::kDrip, "HTTP/1.1 200 OK\r\n"},
        {Step::Kind::kSend, "Content-Length: " + std::to_string(answer.size()) +
                                "\r\n\r\n" + answer}}});
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(proxy_.Connect());
    clients.back().Send(kGet);
  }
  for (RawClient& client : clients) EXPECT_EQ(client.Read()->body, "hello");
  EXPECT_EQ(issuer_->connections(), 1);
}

TEST_F(OauthTest, HoldsBackATokenThatComesBack) {
  Start({AnswerHttp(200, Token("token-of-ours"))},
        {AnswerHttp(200, "you sent token-of-ours")});
  EXPECT_EQ(ReasonOf(), "CredentialEchoed");
}

TEST_F(OauthTest, SaysWhatIsWrongWithTheTokenServer) {
  const std::vector<std::pair<Script, std::string>> cases = {
      {AnswerHttp(500, ""), "UpstreamUnavailable"},
      {AnswerHttp(302, "", "Location: http://127.0.0.1/\r\n"),
       "UpstreamUnavailable"},
      {AnswerHttp(200, "no json"), "UpstreamUnavailable"},
      {AnswerHttp(200, "[]"), "UpstreamUnavailable"},
      {AnswerHttp(200, R"({"access_token":1})"), "UpstreamUnavailable"},
      {AnswerHttp(200, R"({"access_token":"a","token_type":"mac"})"),
       "UpstreamUnavailable"},
      {AnswerHttp(200, R"({"access_token":"a\r\nX: b"})"),
       "CredentialUnusable"},
      {AnswerHttp(200, std::string(70'000, ' ')), "UpstreamUnavailable"},
      {AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"),
       "UpstreamUnavailable"},
      {claviger::testing::CloseAtOnce(), "UpstreamUnavailable"},
      {AnswerHttp(401, R"({"error":"canary-of-the-server"})"),
       "CredentialRefused"},
  };
  for (const auto& [script, reason] : cases) {
    RunningProxy proxy;
    ScriptedServer issuer({script});
    ScriptedServer server({AnswerHttp(200, "hello")});
    proxy.Start(server.url());
    proxy.access.SetEndpoint(
        [](auto& facts) { facts.credential_type = "oauth2-client"; });
    proxy.access.SetCredential(ClientOf(issuer.url(), kCanary));
    const auto response = proxy.Ask(kGet);
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, HasSubstr("\"" + reason + "\""));
    EXPECT_THAT(response->body, Not(HasSubstr("canary")));
    EXPECT_TRUE(server.requests().empty());
    EXPECT_EQ(proxy.access.replaced(), reason == "CredentialRefused" ? 1 : 0);
  }
}

TEST_F(OauthTest, LooksForARotatedSecretWhereTheTokenServerRefuses) {
  Start({AnswerHttp(401, ""), AnswerHttp(200, Token("token-of-ours"))});
  proxy_.access.AddReplacement(ClientOf(issuer_->url() + "/oauth", "rotated"));
  EXPECT_EQ(ReasonOf("PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\n\r\n"
                     "abc"),
            "hello");
  EXPECT_THAT(issuer_->requests().at(1),
              HasSubstr(Base64Encode("the%20client:rotated")));
  EXPECT_THAT(server_->requests().at(0), HasSubstr("abc"));
}

TEST_F(OauthTest, KeepsATokenThatIsNewWhereTheServerRefusesIt) {
  Start({AnswerHttp(200, Token("token-of-ours"))}, {AnswerHttp(403, "no")});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ReasonOf(), "no");
  EXPECT_EQ(issuer_->connections(), 1);
  EXPECT_EQ(proxy_.access.replaced(), 0);
}

TEST_F(OauthTest, GoesToNoAddressThatIsRefused) {
  Start({AnswerHttp(200, Token("token-of-ours"))});
  proxy_.access.SetCredential(
      ClientOf("http://169.254.169.254/latest", kCanary));
  EXPECT_EQ(ReasonOf(), "AddressRefused");
  for (const char* uri :
       {"ftp://127.0.0.1/", "127.0.0.1", "http://", "http://a@b/",
        "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"}) {
    proxy_.access.SetCredential(ClientOf(uri, kCanary));
    EXPECT_EQ(ReasonOf(), "CredentialUnusable") << uri;
  }
  proxy_.access.SetEndpoint([](auto& facts) {
    facts.endpoint.insecure = false;
    facts.endpoint.url = "https://127.0.0.1:1";
  });
  proxy_.access.SetCredential(ClientOf(issuer_->url(), kCanary));
  EXPECT_EQ(ReasonOf(), "CredentialUnusable");
  EXPECT_EQ(issuer_->connections(), 0);
}

// Over a clock that the test moves.
class OauthTimeTest : public ::testing::Test {
 protected:
  ~OauthTimeTest() override {
    loop_.Post([this] {
      token_.reset();
      loop_.Stop();
    });
    thread_.join();
  }
  void Start(std::vector<Script> tokens) {
    issuer_ = std::make_unique<ScriptedServer>(std::move(tokens));
    access::ConnectionFacts facts;
    facts.endpoint.insecure = true;
    Fields fields;
    for (const auto& [name, value] : ClientOf(issuer_->url(), "secret")) {
      fields.emplace(name, Secret(std::string(value)));
    }
    token_ = std::get<std::shared_ptr<OauthToken>>(
        OauthToken::Make(loop_, dialer_, facts, fields));
    thread_ = std::thread([this] { loop_.Run(); });
  }
  // The token's header, or a problem's reason.
  std::string Get() {
    std::promise<std::string> got;
    loop_.Post([&] {
      token_->Get([&](const OauthToken::Answer& answer) {
        const auto* problem = std::get_if<Problem>(&answer);
        if (problem == nullptr) {
          last_ = std::get<std::shared_ptr<const Placement>>(answer);
        }
        got.set_value(problem != nullptr
                          ? std::string(problem->reason)
                          : std::string(last_->header_value.Reveal()));
      });
    });
    return got.get_future().get();
  }
  bool Drop() {
    std::promise<bool> dropped;
    loop_.Post([&] { dropped.set_value(token_->Drop(last_)); });
    return dropped.get_future().get();
  }

  FakeClock clock_;
  Loop loop_{clock_};
  Dialer dialer_{loop_, MakeSystemResolver(loop_), Loopback()};
  std::unique_ptr<ScriptedServer> issuer_;
  std::shared_ptr<OauthToken> token_;
  std::shared_ptr<const Placement> last_;
  std::thread thread_;

 private:
  static AddressRules Loopback() {
    AddressRules rules;
    rules.allowed = {*ParseAddressRange("127.0.0.0/8")};
    return rules;
  }
};

TEST_F(OauthTimeTest, AsksForAnotherAMinuteBeforeTheEnd) {
  Start({AnswerHttp(200, Token("one", 600)), AnswerHttp(200, Token("two", 9)),
         AnswerHttp(200, Token("three", 600))});
  EXPECT_EQ(Get(), "Bearer one");
  clock_.Advance(seconds(539));
  EXPECT_EQ(Get(), "Bearer one");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Get(), "Bearer two");
  clock_.Advance(seconds(4));
  EXPECT_EQ(Get(), "Bearer two");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Get(), "Bearer three");
}

TEST_F(OauthTimeTest, GivesTheOldOneOnWhereThereIsNoOther) {
  Start({AnswerHttp(200, Token("one", 600)), AnswerHttp(503, "")});
  EXPECT_EQ(Get(), "Bearer one");
  clock_.Advance(seconds(590));
  EXPECT_EQ(Get(), "Bearer one");
  EXPECT_EQ(Get(), "Bearer one");
  EXPECT_EQ(issuer_->connections(), 2);
  clock_.Advance(seconds(5));
  EXPECT_EQ(Get(), "Bearer one");
  EXPECT_EQ(issuer_->connections(), 3);
  clock_.Advance(seconds(5));
  EXPECT_EQ(Get(), "UpstreamUnavailable");
}

TEST_F(OauthTimeTest, AsksAFailingServerOnceInTwoSeconds) {
  Start({AnswerHttp(500, "")});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get(), "UpstreamUnavailable");
  EXPECT_EQ(issuer_->connections(), 1);
  clock_.Advance(seconds(2));
  Get();
  EXPECT_EQ(issuer_->connections(), 2);
}

TEST_F(OauthTimeTest, ReplacesATokenThatIsRefusedOnceItIsNotNew) {
  Start({AnswerHttp(200, Token("one")), AnswerHttp(200, Token("two"))});
  EXPECT_EQ(Get(), "Bearer one");
  const auto first = last_;
  EXPECT_FALSE(Drop());
  clock_.Advance(seconds(10));
  EXPECT_TRUE(Drop());
  EXPECT_EQ(Get(), "Bearer two");
  // Whoever was late with the first one does not end the second.
  last_ = first;
  EXPECT_TRUE(Drop());
  EXPECT_EQ(Get(), "Bearer two");
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
