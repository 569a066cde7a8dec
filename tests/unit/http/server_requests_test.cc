// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

TEST(ServerTest, AnswersWithContentLengthAndKeepsTheConnection) {
  RunningServer server;
  ASSERT_TRUE(server.status().has_value());
  RawClient client = server.Connect();
  for (const std::string target : {"/a", "/b?x=1"}) {
    ASSERT_TRUE(
        client.Send("GET " + target + " HTTP/1.1\r\nHost: local\r\n\r\n"));
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "GET " + target + "|");
    EXPECT_EQ(response->Header("content-length"),
              std::to_string(response->body.size()));
    EXPECT_EQ(response->Header("connection"), "");
  }
}

TEST(ServerTest, ServesTcpToo) {
  RunningServer server;
  RawClient client = server.ConnectTcp();
  ASSERT_TRUE(client.Send("LIST /x HTTP/1.1\r\nHost: local\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "LIST /x|");
}

TEST(ServerTest, ReadsBodyByLength) {
  RunningServer server;
  RawClient client = server.Connect();
  const std::string body(20'000, 'b');
  ASSERT_TRUE(client.Send("PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body));
  EXPECT_EQ(client.Read()->body, "PUT /x|" + body);
}

TEST(ServerTest, ReadsChunkedBody) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(
      client.Send("POST /x HTTP/1.1\r\nHost: l\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "POST /x|abc0123456789");
}

TEST(ServerTest, ReadsRequestThatArrivesByteByByte) {
  RunningServer server;
  RawClient client = server.Connect();
  for (const char c : std::string("PUT /slow HTTP/1.1\r\nHost: l\r\n"
                                  "Content-Length: 3\r\n\r\nabc")) {
    ASSERT_TRUE(client.Send(std::string(1, c)));
  }
  EXPECT_EQ(client.Read()->body, "PUT /slow|abc");
}

TEST(ServerTest, AnswersPipelinedRequestsInOrder) {
  RunningServer server;
  RawClient client = server.Connect();
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += "POST /" + std::to_string(i) +
           " HTTP/1.1\r\nHost: l\r\nContent-Length: 2\r\n\r\nhi";
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 100; ++i) {
    const auto response = client.Read();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "POST /" + std::to_string(i) + "|hi");
  }
}

TEST(ServerTest, ClosesWhenTheClientAsksForIt) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(
      client.Send("GET /x HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.Read()->Header("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerTest, ClosesAfterHttp10) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("GET /x HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "GET /x|");
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerTest, AnswersHeadWithoutBodyButWithItsLength) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("HEAD /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  EXPECT_EQ(client.Read(true)->Header("Content-Length"), "8");
  ASSERT_TRUE(client.Send("GET /y HTTP/1.1\r\nHost: l\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "GET /y|");
}

TEST(ServerTest, SendsNoBodyAndNoLengthWith204) {
  RunningServer server({}, [](const ServerRequest&, const auto& responder) {
    responder->Send({.status = 204, .headers = {}, .body = "ignored"});
  });
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  const auto response = client.Read();
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(response->Header("Content-Length"), "");
}

TEST(ServerTest, TellsAWaitingClientToContinue) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(
      client.Send("PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\n"
                  "Expect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.Send("abc"));
  EXPECT_EQ(client.Read()->body, "PUT /x|abc");
}

TEST(ServerTest, AnswersClientThatHasShutDownItsSide) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  client.ShutDownWriting();
  EXPECT_EQ(client.Read()->body, "GET /x|");
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerTest, SeesThePeersUserAndProcess) {
  Peer seen;
  RunningServer server({}, [&](const ServerRequest& request, const auto& out) {
    seen = request.peer;
    out->Send(Text("ok"));
  });
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  ASSERT_TRUE(client.Read());
  EXPECT_EQ(seen.uid, getuid());
  EXPECT_EQ(seen.pid, getpid());

  RawClient tcp = server.ConnectTcp();
  ASSERT_TRUE(tcp.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  ASSERT_TRUE(tcp.Read());
  EXPECT_EQ(seen.uid, std::nullopt);
}

TEST(ServerTest, KeepsHeadersAsSent) {
  std::vector<Header> seen;
  RunningServer server({}, [&](const ServerRequest& request, const auto& out) {
    seen = request.headers;
    out->Send(Text("ok"));
  });
  RawClient client = server.Connect();
  ASSERT_TRUE(
      client.Send("GET /x HTTP/1.1\r\nHost: l\r\nX-A:  1 \r\n"
                  "x-a: 2\r\n\r\n"));
  ASSERT_TRUE(client.Read());
  EXPECT_THAT(seen,
              ::testing::ElementsAre(Header("Host", "l"), Header("X-A", "1"),
                                     Header("x-a", "2")));
}

TEST(ServerTest, ReducesAbsoluteTargetOfItsOwnHost) {
  RunningServer server;
  RawClient client = server.Connect();
  ASSERT_TRUE(
      client.Send("GET http://L:80/p?q=1 HTTP/1.1\r\nHost: l:80\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "GET /p?q=1|");
  ASSERT_TRUE(client.Send("GET http://l HTTP/1.1\r\nHost: l\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, "GET /|");
}

TEST(ServerTest, SendsLargeAnswerWhole) {
  const std::string body(3'000'000, 'z');
  RunningServer server({}, [&](const ServerRequest&, const auto& out) {
    ServerResponse response = Text(body);
    response.secret = true;
    out->Send(std::move(response));
  });
  RawClient client = server.Connect();
  ASSERT_TRUE(client.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n"));
  EXPECT_EQ(client.Read()->body, body);
}

TEST(ServerRequestTest, SplitsPathAndQuery) {
  ServerRequest request;
  request.target = "/a/b?c=d?e";
  EXPECT_EQ(PathOf(request), "/a/b");
  EXPECT_EQ(QueryOf(request), "c=d?e");
  request.target = "/a";
  EXPECT_EQ(PathOf(request), "/a");
  EXPECT_EQ(QueryOf(request), "");
}

}  // namespace
}  // namespace claviger::http::testing
