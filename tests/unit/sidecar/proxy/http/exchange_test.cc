// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::AnswerWith;
using claviger::testing::Await;
using claviger::testing::Script;
using claviger::testing::ScriptedServer;
using claviger::testing::Step;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGet = "GET /x?a=1 HTTP/1.1\r\nHost: l\r\n\r\n";

// Several requests of one connection, each answered the same.
Script Serve(const std::string& answer, int times) {
  Script script;
  for (int i = 0; i < times; ++i) {
    script.push_back({Step::Kind::kReadRequest});
    script.push_back({Step::Kind::kSend, answer});
  }
  return script;
}

std::string Ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class ExchangeTest : public ::testing::Test {
 protected:
  void Start(std::vector<Script> scripts) {
    server_ = std::make_unique<ScriptedServer>(std::move(scripts));
    proxy_.Start(server_->url());
  }
  std::string Seen(size_t index = 0) { return server_->requests().at(index); }

  RunningProxy proxy_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(ExchangeTest, SendsTheRequestOnWithTheCredential) {
  Start({AnswerHttp(200, "hello")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(Seen(), HasSubstr("GET /x?a=1 HTTP/1.1\r\n"));
  EXPECT_THAT(Seen(), HasSubstr(std::string("\r\nAuthorization: Bearer ") +
                                kCanary + "\r\n"));
  EXPECT_THAT(Seen(), HasSubstr("Host: 127.0.0.1:"));
  EXPECT_THAT(Seen(), Not(HasSubstr("Host: l\r\n")));
  EXPECT_THAT(proxy_.observer.lines(), ElementsAre("GET / 200 Allowed"));
}

TEST_F(ExchangeTest, RemovesWhatIsTheClientsOwnOrOfThisHop) {
  Start({AnswerHttp(200, "")});
  proxy_.Ask(
      "GET /x HTTP/1.1\r\nHost: l\r\nAuthorization: Basic b3duOm93bg==\r\n"
      "Authorization_: x\r\nProxy-Authorization: Basic YTpi\r\n"
      "Proxy-Connection: keep-alive\r\nConnection: close, X-Named\r\n"
      "X-Named: gone\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
      "authorization: Bearer mine\r\nX-Kept: yes\r\n\r\n");
  const std::string seen = Seen();
  for (const char* gone : {"b3duOm93bg", "YTpi", "Proxy-", "X-Named",
                           "Keep-Alive", "TE:", "mine", "Connection"}) {
    EXPECT_THAT(seen, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(seen, HasSubstr("X-Kept: yes\r\n"));
}

// The Connection's methods and paths are those of the request line.
TEST_F(ExchangeTest, RemovesWhatWouldBeAnotherMethodOrPathToTheServer) {
  Start({AnswerHttp(200, "")});
  proxy_.Ask(
      "GET /x HTTP/1.1\r\nHost: l\r\nX-HTTP-Method-Override: DELETE\r\n"
      "X_HTTP_Method: DELETE\r\nx-method-override: DELETE\r\n"
      "X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\n\r\n");
  EXPECT_THAT(Seen(), HasSubstr("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(Seen(), Not(HasSubstr("DELETE")));
  EXPECT_THAT(Seen(), Not(HasSubstr("/admin")));
}

TEST_F(ExchangeTest, DropsTheHttp2OfferOfAClient) {
  Start({AnswerHttp(200, "plain")});
  const auto response = proxy_.Ask(
      "GET /x HTTP/1.1\r\nHost: l\r\nConnection: Upgrade, HTTP2-Settings\r\n"
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "plain");
  EXPECT_THAT(Seen(), Not(HasSubstr("h2c")));
  EXPECT_THAT(Seen(), Not(HasSubstr("HTTP2-Settings")));
}

TEST_F(ExchangeTest, KeepsBothConnectionsForTheNextRequest) {
  Start({Serve(Ok("one"), 3), Serve(Ok("other"), 1)});
  RawClient client = proxy_.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kGet);
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "one");
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ExchangeTest, AnswersPipelinedRequestsInOrder) {
  Start({Serve(Ok("a"), 1), Serve(Ok("b"), 1), Serve(Ok("c"), 1)});
  RawClient client = proxy_.Connect();
  client.Send(std::string(kGet) + kGet + kGet);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Read();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->status, 200);
  }
}

TEST_F(ExchangeTest, StreamsARequestInChunksWithTrailers) {
  Start({{{Step::Kind::kReadRequest}, {Step::Kind::kHang}}});
  RawClient client = proxy_.Connect();
  client.Send(
      "POST /x HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\nX-Sum: 7\r\nAuthorization: mine\r\n\r\n");
  ASSERT_TRUE(Await([&] { return !server_->requests().empty(); },
                    std::chrono::seconds(5)));
  EXPECT_THAT(Seen(), HasSubstr("Transfer-Encoding: chunked\r\n"));
  // The scripted server notes what came with the head.
  EXPECT_THAT(Seen(), Not(HasSubstr("mine")));
}

TEST_F(ExchangeTest, PassesBodiesOfAnyFramingBack) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n";
  Start({AnswerWith(chunked),
         AnswerWith("HTTP/1.1 200 OK\r\n\r\nuntil the close")});
  {
    RawClient client = proxy_.Connect();
    client.Send(kGet);
    EXPECT_THAT(client.ReadUntil("X-Sum: 5\r\n\r\n"),
                HasSubstr("5\r\nhello\r\n0\r\n"));
  }
  RawClient client = proxy_.Connect();
  client.Send(kGet);
  EXPECT_THAT(client.ReadUntil("0\r\n\r\n"),
              HasSubstr("f\r\nuntil the close\r\n"));
}

TEST_F(ExchangeTest, SpeaksHttp10ToThoseWhoDo) {
  Start(
      {AnswerWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n")});
  RawClient client = proxy_.Connect();
  client.Send("GET /x HTTP/1.0\r\n\r\n");
  const std::string answer = client.ReadUntil("hello");
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ExchangeTest, PassesInterimAnswersOn) {
  Start({{{Step::Kind::kReadRequest},
          {Step::Kind::kSend, "HTTP/1.1 100 Continue\r\n\r\n"},
          {Step::Kind::kSend, Ok("done")}}});
  RawClient client = proxy_.Connect();
  client.Send(
      "POST /x HTTP/1.1\r\nHost: l\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\n");
  // The server's script reads the body with the head; it is sent at once.
  client.Send("abc");
  EXPECT_THAT(client.ReadUntil("done"), HasSubstr("HTTP/1.1 100 Continue"));
  EXPECT_THAT(Seen(), HasSubstr("Expect: 100-continue"));
}

TEST_F(ExchangeTest, AnswersHeadWithoutWaitingForABody) {
  Start({AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")});
  const auto response = proxy_.Ask("HEAD /x HTTP/1.1\r\nHost: l\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->Header("Content-Length"), "1000");
}

TEST_F(ExchangeTest, TunnelsAWebSocketAndNothingElse) {
  Start({{{Step::Kind::kReadRequest},
          {Step::Kind::kSend,
           "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
           "Upgrade: websocket\r\n\r\nframes"},
          {Step::Kind::kHang}}});
  RawClient client = proxy_.Connect();
  client.Send(
      "GET /ws HTTP/1.1\r\nHost: l\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("frames"), HasSubstr("101 Switching"));
  EXPECT_THAT(Seen(), HasSubstr("Upgrade: websocket\r\n"));
}

TEST_F(ExchangeTest, RefusesAnUpgradeThatNobodyAskedFor) {
  Start(
      {AnswerWith("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade"
                  "\r\nUpgrade: websocket\r\n\r\n")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 502);
}

TEST_F(ExchangeTest, ReturnsRedirectsWithoutFollowingThem) {
  Start(
      {AnswerWith("HTTP/1.1 302 Found\r\nLocation: https://evil/\r\n"
                  "Content-Length: 0\r\n\r\n")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->Header("Location"), "https://evil/");
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ExchangeTest, HoldsBackAnEchoInAHeader) {
  Start({AnswerHttp(200, "fine",
                    std::string("X-Debug: Bearer ") + kCanary + "\r\n")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 502);
  EXPECT_THAT(response->body, HasSubstr("CredentialEchoed"));
  EXPECT_THAT(response->head + response->body, Not(HasSubstr(kCanary)));
  EXPECT_THAT(proxy_.observer.lines(),
              ElementsAre("GET / 502 CredentialEchoed"));
}

TEST_F(ExchangeTest, HoldsBackAnEchoInTheBodyHoweverItIsCut) {
  const std::string body = std::string("you sent ") + kCanary + " to us";
  Start({AnswerHttp(200, body),
         {{Step::Kind::kReadRequest}, {Step::Kind::kDrip, Ok(body)}}});
  const auto whole = proxy_.Ask(kGet);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->status, 502);
  EXPECT_THAT(whole->body, Not(HasSubstr(kCanary)));

  RawClient client = proxy_.Connect();
  client.Send(kGet);
  const std::string dripped = client.ReadUntil("canary");
  EXPECT_EQ(dripped, "");  // the connection ended without a byte of it
}

TEST_F(ExchangeTest, ReplacesARefusedCredentialAndSendsTheRequestAgain) {
  proxy_.access.AddReplacement({{"token", "the-second-token"}});
  Start({AnswerHttp(401, "no"), AnswerHttp(200, "yes")});
  const auto response =
      proxy_.Ask("POST /x HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "yes");
  EXPECT_THAT(Seen(1), HasSubstr("Bearer the-second-token"));
  EXPECT_THAT(Seen(1), HasSubstr("\r\n\r\nabc"));
}

TEST_F(ExchangeTest, PassesTheRefusalOnWhereThereIsNoOtherCredential) {
  Start({AnswerHttp(403, "not for you")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(response->body, "not for you");
  EXPECT_EQ(proxy_.access.replaced(), 1);
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ExchangeTest, DoesNotRepeatForeverWhatIsRefused) {
  proxy_.access.AddReplacement({{"token", "the-second-token"}});
  proxy_.access.AddReplacement({{"token", "the-third-token"}});
  Start({AnswerHttp(401, "no")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(ExchangeTest, SaysWhyADecisionRefuses) {
  proxy_.access.Deny({"Denied", "a Grant denies it", "ask its owner"});
  Start({AnswerHttp(200, "")});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_THAT(response->body, HasSubstr("\"Denied\""));
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(ExchangeTest, SendsAgainWhatAKeptConnectionDidNotTake) {
  Start({Serve(Ok("one"), 1), Serve(Ok("two"), 1)});
  RawClient client = proxy_.Connect();
  client.Send(kGet);
  ASSERT_TRUE(client.Read());
  client.Send(kGet);
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "two");
}

struct BadAnswer {
  const char* name;
  std::string bytes;
};
class HostileServerTest : public ExchangeTest,
                          public ::testing::WithParamInterface<BadAnswer> {};

TEST_P(HostileServerTest, IsAnswered502) {
  Start({AnswerWith(GetParam().bytes)});
  const auto response = proxy_.Ask(kGet);
  ASSERT_TRUE(response) << GetParam().name;
  EXPECT_EQ(response->status, 502) << GetParam().name;
  EXPECT_THAT(response->body, HasSubstr("UpstreamUnavailable"));
}

INSTANTIATE_TEST_SUITE_P(
    Answers, HostileServerTest,
    ::testing::Values(
        BadAnswer{"Nothing", ""}, BadAnswer{"Garbage", "garbage\r\n\r\n"},
        BadAnswer{"HalfHead", "HTTP/1.1 200 OK\r\nX: "},
        BadAnswer{"BareLf", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
        BadAnswer{"Http2", "HTTP/2.0 200 OK\r\n\r\n"},
        BadAnswer{"OddStatus", "HTTP/1.1 2x0 OK\r\n\r\n"},
        BadAnswer{"TwoLengths",
                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                  "Content-Length: 2\r\n\r\na"},
        BadAnswer{"LengthAndChunked",
                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
        BadAnswer{"Gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
        BadAnswer{"Fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"},
        BadAnswer{"HugeHead", "HTTP/1.1 200 OK\r\nX: " +
                                  std::string(70'000, 'a') + "\r\n\r\n"}));

TEST_F(ExchangeTest, EndsTheConnectionWhereAnAnswerBreaksOff) {
  Start({AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" +
                    std::string(50, 'a'))});
  RawClient client = proxy_.Connect();
  client.Send(kGet);
  const auto response = client.Read();
  EXPECT_TRUE(!response || response->status == 502);
}

TEST_F(ExchangeTest, RefusesPathsAndMethodsThatTheConnectionDoesNotName) {
  proxy_.access.SetEndpoint([](auto& facts) {
    facts.endpoint.methods = {"GET"};
    facts.endpoint.path_prefixes = {"/v1/"};
  });
  Start({Serve(Ok("in"), 100)});
  EXPECT_EQ(proxy_.Ask("GET /v1/a HTTP/1.1\r\nHost: l\r\n\r\n")->status, 200);
  const struct {
    const char* line;
    int status;
  } kCases[] = {
      {"POST /v1/a", 403},
      {"GET /v2/a", 403},
      {"GET /v1", 403},
      {"GET /", 403},
      {"GET /v1/../admin", 400},
      {"GET /v1/%2e%2e/admin", 400},
      {"GET /v1/..%2fadmin", 400},
      {"GET /v1/..;/admin", 400},
      {"GET /v1/%252e%252e/x", 400},
      {"GET /v1/..%5cadmin", 400},
      {"GET /v1/.", 400},
      {"GET //v1/a", 403},
  };
  for (const auto& one : kCases) {
    const auto response =
        proxy_.Ask(std::string(one.line) + " HTTP/1.1\r\nHost: l\r\n\r\n");
    ASSERT_TRUE(response) << one.line;
    EXPECT_EQ(response->status, one.status) << one.line;
  }
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(ExchangeTest, AsksForThePodsSecretOnTcp) {
  Start({Serve(Ok("in"), 10)});
  const auto ask = [&](const std::string& headers) {
    RawClient client = proxy_.ConnectTcp();
    client.Send("GET /x HTTP/1.1\r\n" + headers + "\r\n");
    const auto response = client.Read();
    return response ? response->status : 0;
  };
  const std::string host = "Host: 127.0.0.1:1\r\n";
  EXPECT_EQ(ask(host), 401);
  EXPECT_EQ(ask(host + "Authorization: Bearer wrong\r\n"), 401);
  EXPECT_EQ(ask(host + "Authorization: pod-secret\r\n"), 401);
  EXPECT_EQ(ask("Host: rebound.evil\r\nAuthorization: Bearer pod-secret\r\n"),
            403);
  EXPECT_EQ(server_->connections(), 0);
  EXPECT_EQ(ask(host + "Authorization: Bearer pod-secret\r\n"), 200);
  EXPECT_EQ(ask(host + "Authorization: Basic " +
                Base64Encode("any:pod-secret") + "\r\n"),
            200);
  for (const std::string& request : server_->requests()) {
    EXPECT_THAT(request, Not(HasSubstr("pod-secret")));
  }
}

TEST_F(ExchangeTest, SendsALargeBodyBothWaysUnchanged) {
  const std::string body(3'000'000, 'q');
  Start({{{Step::Kind::kReadRequest}, {Step::Kind::kSend, Ok(body)}}});
  RawClient client = proxy_.Connect();
  std::thread sender([&] {
    client.Send(
        "PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 3000000\r\n\r\n" + body);
  });
  sender.join();
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, body);
  EXPECT_THAT(Seen(), HasSubstr(body));
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
