// SPDX-License-Identifier: Apache-2.0
//
// What two HTTP readers could read differently is refused with 400, and the
// connection ends, so that nothing behind it is taken for a request.
#include <gtest/gtest.h>

#include <string>

#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

struct Case {
  const char* name;
  const char* bytes;
  int status = 400;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class SmugglingTest : public ::testing::TestWithParam<Case> {};

TEST_P(SmugglingTest, IsRefusedAndTheConnectionEnds) {
  int handled = 0;
  RunningServer server({}, [&](const ServerRequest&, const auto& responder) {
    ++handled;
    responder->Send(Text("handled"));
  });
  RawClient client = server.Connect();
  const std::string next = "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n";
  client.Send(GetParam().bytes + next);
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, GetParam().status);
  EXPECT_EQ(response->Header("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  server.Stop(std::chrono::milliseconds(0));
  EXPECT_EQ(handled, 0);
}

#define HEAD "POST /x HTTP/1.1\r\nHost: l\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

INSTANTIATE_TEST_SUITE_P(
    Framing, SmugglingTest,
    ::testing::Values(
        Case{"LengthAndChunked",
             HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Case{"ChunkedAndLength",
             HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
        Case{"ChunkedTwice",
             HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
                  "\r\n0\r\n\r\n"},
        Case{"ChunkedThenIdentity",
             HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        Case{"GzipThenChunked",
             HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        Case{"IdentityOnly", HEAD "Transfer-Encoding: identity\r\n\r\n"},
        Case{"ChunkedWithVerticalTab",
             HEAD "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"},
        Case{"ChunkedInHttp10",
             "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
             "0\r\n\r\n"},
        Case{"TwoEqualLengths",
             HEAD "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"},
        Case{"TwoLengths",
             HEAD "Content-Length: 0\r\nContent-Length: 5\r\n\r\n"},
        Case{"LengthList", HEAD "Content-Length: 0, 0\r\n\r\n"},
        Case{"LengthWithPlus", HEAD "Content-Length: +0\r\n\r\n"},
        Case{"NegativeLength", HEAD "Content-Length: -1\r\n\r\n"},
        Case{"HexadecimalLength", HEAD "Content-Length: 0x5\r\n\r\n"},
        Case{"EmptyLength", HEAD "Content-Length: \r\n\r\n"},
        Case{"OverflowingLength",
             HEAD "Content-Length: 18446744073709551616\r\n\r\n"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Chunks, SmugglingTest,
    ::testing::Values(
        Case{"SizeWithPlus", CHUNKED "+5\r\nhello\r\n0\r\n\r\n"},
        Case{"SizeWith0x", CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"},
        Case{"SizeWithSpace", CHUNKED "5 \r\nhello\r\n0\r\n\r\n"},
        Case{"EmptySize", CHUNKED "\r\nhello\r\n0\r\n\r\n"},
        Case{"HugeSize", CHUNKED "FFFFFFFFFFFFFFFFF\r\n"},
        Case{"Extension", CHUNKED "5;a=b\r\nhello\r\n0\r\n\r\n"},
        Case{"ExtensionWithLineFeed", CHUNKED "5;a\nhello\r\n0\r\n\r\n"},
        Case{"SizeEndedByLineFeed", CHUNKED "5\nhello\r\n0\r\n\r\n"},
        Case{"DataWithoutLineEnd", CHUNKED "5\r\nhelloX\r\n0\r\n\r\n"},
        Case{"DataEndedByLineFeed", CHUNKED "5\r\nhello\n0\r\n\r\n"},
        Case{"Trailer", CHUNKED "0\r\nX-Claviger-User-Token: t\r\n\r\n"},
        Case{"OverTheBodyLimit", CHUNKED "10001\r\n", 413}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Lines, SmugglingTest,
    ::testing::Values(
        Case{"FoldedLine", HEAD "X-A: 1\r\n 2\r\n\r\n"},
        Case{"FoldedLineByTab", HEAD "X-A: 1\r\n\t2\r\n\r\n"},
        Case{"BareLineFeedAfterStartLine", "GET /x HTTP/1.1\nHost: l\r\n\r\n"},
        Case{"BareLineFeedInField", HEAD "X-A: 1\nX-B: 2\r\n\r\n"},
        Case{"BareCarriageReturn", HEAD "X-A: 1\rX-B: 2\r\n\r\n"},
        Case{"SpaceBeforeColon", HEAD "X-A : 1\r\n\r\n"},
        Case{"NoColon", HEAD "X-A\r\n\r\n"},
        Case{"EmptyFieldName", HEAD ": 1\r\n\r\n"},
        Case{"ControlCharacterInValue", HEAD "X-A: a\x01z\r\n\r\n"},
        Case{"EmptyFirstLine", "\r\nGET /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"TwoSpaces", "GET  /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"NoVersion", "GET /x\r\nHost: l\r\n\r\n"},
        Case{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        Case{"LowerCaseVersion", "GET /x http/1.1\r\nHost: l\r\n\r\n"},
        Case{"TlsHello", "\x16\x03\x01\r\n\r\n"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Targets, SmugglingTest,
    ::testing::Values(
        Case{"NoHost", "GET /x HTTP/1.1\r\n\r\n"},
        Case{"TwoHosts", "GET /x HTTP/1.1\r\nHost: l\r\nHost: l\r\n\r\n"},
        Case{"AbsoluteTargetOfAnotherHost",
             "GET http://other/x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"AbsoluteTargetWithUser",
             "GET http://l@other/x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"AuthorityTarget", "GET l:80 HTTP/1.1\r\nHost: l:80\r\n\r\n"},
        Case{"Asterisk", "GET * HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Fragment", "GET /x#y HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"NonAscii", "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Connect", "CONNECT l:80 HTTP/1.1\r\nHost: l:80\r\n\r\n"},
        Case{"Trace", "TRACE /x HTTP/1.1\r\nHost: l\r\n\r\n"},
        Case{"Upgrade",
             "GET /x HTTP/1.1\r\nHost: l\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\n\r\n"},
        Case{"UpgradeToHttp2",
             "GET /x HTTP/1.1\r\nHost: l\r\nUpgrade: h2c\r\n\r\n"},
        Case{"UnknownExpectation", HEAD "Expect: tea\r\n\r\n", 417}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace claviger::http::testing
