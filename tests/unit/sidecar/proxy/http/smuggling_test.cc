// SPDX-License-Identifier: Apache-2.0
//
// What two HTTP readers could read differently ends in 400 and the end of the
// connection; nothing of it, and nothing behind it, reaches the server.
#include <gtest/gtest.h>

#include <string>

#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::ScriptedServer;

struct Case {
  const char* name;
  std::string bytes;
  int status = 400;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class ProxySmugglingTest : public ::testing::TestWithParam<Case> {};

TEST_P(ProxySmugglingTest, IsRefusedAndTheConnectionEnds) {
  ScriptedServer server({AnswerHttp(200, "reached")});
  RunningProxy proxy;
  proxy.Start(server.url());
  RawClient client = proxy.Connect();
  client.Send(GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n");
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, GetParam().status);
  EXPECT_EQ(response->Header("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_TRUE(server.requests().empty());
}

#define HEAD "POST /x HTTP/1.1\r\nHost: l\r\n"
#define GET "GET /x HTTP/1.1\r\nHost: l\r\n"

INSTANTIATE_TEST_SUITE_P(
    Framing, ProxySmugglingTest,
    ::testing::Values(
        Case{"LengthAndChunked",
             HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Case{"ChunkedAndLength",
             HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
        Case{"ZeroLengthAndChunked",
             HEAD "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Case{"ChunkedTwice",
             HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
                  "\r\n0\r\n\r\n"},
        Case{"ChunkedThenIdentity",
             HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        Case{"ChunkedTwiceInOne",
             HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
        Case{"GzipThenChunked",
             HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        Case{"IdentityOnly", HEAD "Transfer-Encoding: identity\r\n\r\n"},
        Case{"EmptyEncoding", HEAD "Transfer-Encoding:\r\n\r\n"},
        Case{"ChunkedWithTab", HEAD "Transfer-Encoding: \x0b"
                                    "chunked\r\n\r\n"},
        Case{"UnderscoreEncoding", HEAD "Transfer_Encoding: chunked\r\n\r\n"},
        Case{"SpaceBeforeColon", HEAD "Transfer-Encoding : chunked\r\n\r\n"},
        Case{"LengthTwice",
             HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
        Case{"LengthsListed", HEAD "Content-Length: 3, 3\r\n\r\nabc"},
        Case{"PlusLength", HEAD "Content-Length: +5\r\n\r\nabcde"},
        Case{"MinusLength", HEAD "Content-Length: -5\r\n\r\n"},
        Case{"HexLength", HEAD "Content-Length: 0x5\r\n\r\nabcde"},
        Case{"SpacedLength", HEAD "Content-Length: 5 5\r\n\r\nabcde"},
        Case{"EmptyLength", HEAD "Content-Length: \r\n\r\n"},
        Case{"HugeLength",
             HEAD "Content-Length: 99999999999999999999999\r\n\r\n"},
        Case{"ChunkedInHttp10",
             "POST /x HTTP/1.0\r\nHost: l\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    Lines, ProxySmugglingTest,
    ::testing::Values(
        Case{"FoldedLine", GET "X: a\r\n b\r\n\r\n"},
        Case{"FoldedFirstLine", GET " X: a\r\n\r\n"},
        Case{"BareLf", "GET /x HTTP/1.1\nHost: l\n\n"},
        Case{"BareLfInHead", GET "X: a\nY: b\r\n\r\n"},
        Case{"BareCrInValue", GET "X: a\rY: b\r\n\r\n"},
        Case{"NulInValue", std::string(GET "X: a") + '\0' + "b\r\n\r\n"},
        Case{"EmptyName", GET ": a\r\n\r\n"}, Case{"NoColon", GET "Xa\r\n\r\n"},
        Case{"SpaceInName", GET "X Y: a\r\n\r\n"},
        Case{"EmptyLineFirst", "\r\nGET /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"TwoSpaces", "GET  /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"SpaceInTarget", "GET /x y HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"TabInTarget", "GET /x\ty HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"NoVersion", "GET /x\r\nHost: l\r\n\r\n"},
        Case{"Version2", "GET /x HTTP/2.0\r\nHost: l\r\n\r\n"},
        Case{"Version09", "GET /x HTTP/0.9\r\nHost: l\r\n\r\n"},
        Case{"LowerCaseVersion", "GET /x http/1.1\r\nHost: l\r\n\r\n"},
        Case{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    Targets, ProxySmugglingTest,
    ::testing::Values(
        Case{"Connect", "CONNECT l:443 HTTP/1.1\r\nHost: l:443\r\n\r\n"},
        Case{"Trace", "TRACE /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Track", "TRACK /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"NoHost", "GET /x HTTP/1.1\r\n\r\n"},
        Case{"TwoHosts", GET "Host: m\r\n\r\n"},
        Case{"EmptyHost", "GET /x HTTP/1.1\r\nHost: \r\n\r\n"},
        Case{"HostList", "GET /x HTTP/1.1\r\nHost: l, m\r\n\r\n"},
        Case{"UserInHost", "GET /x HTTP/1.1\r\nHost: a@l\r\n\r\n"},
        Case{"PathInHost", "GET /x HTTP/1.1\r\nHost: l/x\r\n\r\n"},
        Case{"AbsoluteOfAnotherHost",
             "GET http://evil/x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"AbsoluteWithUser",
             "GET http://l@evil/x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"OtherScheme", "GET ftp://l/x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"NoSlash", "GET x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Asterisk", "GET * HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Fragment", "GET /x#y HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Backslash", "GET /x\\..\\y HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"UnknownUpgrade",
             GET "Connection: upgrade\r\nUpgrade: tls\r\n\r\n"},
        Case{"UpgradeWithoutConnection", GET "Upgrade: websocket\r\n\r\n"},
        Case{"UpgradeTwice", GET "Connection: upgrade\r\nUpgrade: websocket\r\n"
                                 "Upgrade: websocket\r\n\r\n"},
        Case{"UpgradeOfPost", HEAD "Connection: upgrade\r\nUpgrade: "
                                   "websocket\r\n\r\n"},
        Case{"UpgradeWithBody",
             GET "Connection: upgrade\r\nUpgrade: websocket\r\n"
                 "Content-Length: 3\r\n\r\nabc"},
        Case{"UpgradeInHttp10",
             "GET /x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: "
             "websocket\r\n\r\n"},
        Case{"OtherExpectation", HEAD "Expect: gold\r\n\r\n", 417}));

// Broken bodies: the head has gone on, so what counts is that the client is
// refused, and that nothing behind is taken for a request.
class ProxyBodyTest : public ::testing::TestWithParam<Case> {};

TEST_P(ProxyBodyTest, IsRefusedAndTheConnectionEnds) {
  ScriptedServer server({claviger::testing::Hang()});
  RunningProxy proxy;
  proxy.Start(server.url());
  RawClient client = proxy.Connect();
  client.Send(HEAD "Transfer-Encoding: chunked\r\n\r\n" + GetParam().bytes +
              "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n");
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_TRUE(client.IsClosed());
  for (const std::string& request : server.requests()) {
    EXPECT_EQ(request.find("smuggled"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, ProxyBodyTest,
    ::testing::Values(Case{"Extension", "5;a=b\r\nabcde\r\n0\r\n\r\n"},
                      Case{"ExtensionLf", "5;a\nabcde\r\n0\r\n\r\n"},
                      Case{"BareLfSize", "5\nabcde\r\n0\r\n\r\n"},
                      Case{"PlusSize", "+5\r\nabcde\r\n0\r\n\r\n"},
                      Case{"HexPrefix", "0x5\r\nabcde\r\n0\r\n\r\n"},
                      Case{"SpaceSize", " 5\r\nabcde\r\n0\r\n\r\n"},
                      Case{"TrailingSpace", "5 \r\nabcde\r\n0\r\n\r\n"},
                      Case{"EmptySize", "\r\nabcde\r\n0\r\n\r\n"},
                      Case{"HugeSize", "fffffffffffffffff\r\nabc"},
                      Case{"NoCrAfterData", "5\r\nabcdeX\r\n0\r\n\r\n"},
                      Case{"LfAfterData", "5\r\nabcde\n0\r\n\r\n"},
                      Case{"BareLfTrailer", "0\r\nX: a\n\r\n"},
                      Case{"FoldedTrailer", "0\r\nX: a\r\n b\r\n\r\n"},
                      Case{"NoNameTrailer", "0\r\nabc\r\n\r\n"}));

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
