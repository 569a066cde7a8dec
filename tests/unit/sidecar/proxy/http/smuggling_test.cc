// SPDX-License-Identifier: Apache-2.0
//
// What two HTTP readers could read differently ends in 400 and the end of the
// connection; nothing of it, and nothing behind it, reaches the server.
#include <gtest/gtest.h>

#include <string>

#include "unit/sidecar/proxy/http/ambiguous.h"
#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::ScriptedServer;

class ProxySmugglingTest : public ::testing::TestWithParam<Ambiguous> {};

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

INSTANTIATE_TEST_SUITE_P(Framing, ProxySmugglingTest,
                         ::testing::ValuesIn(AmbiguousFraming()));

INSTANTIATE_TEST_SUITE_P(Lines, ProxySmugglingTest,
                         ::testing::ValuesIn(AmbiguousLines()));

INSTANTIATE_TEST_SUITE_P(Targets, ProxySmugglingTest,
                         ::testing::ValuesIn(AmbiguousTargets()));

// Broken bodies: the head has gone on, so what counts is that the client is
// refused, and that nothing behind is taken for a request.
class ProxyBodyTest : public ::testing::TestWithParam<Ambiguous> {};

TEST_P(ProxyBodyTest, IsRefusedAndTheConnectionEnds) {
  ScriptedServer server({claviger::testing::Hang()});
  RunningProxy proxy;
  proxy.Start(server.url());
  RawClient client = proxy.Connect();
  client.Send(
      "POST /x HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n" +
      GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n");
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_TRUE(client.IsClosed());
  for (const std::string& request : server.requests()) {
    EXPECT_EQ(request.find("smuggled"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Chunks, ProxyBodyTest,
                         ::testing::ValuesIn(AmbiguousChunks()));

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
