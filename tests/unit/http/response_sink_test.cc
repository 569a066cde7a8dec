// SPDX-License-Identifier: Apache-2.0
#include "http/response_sink.h"

#include <gtest/gtest.h>

namespace claviger::http {
namespace {

TEST(ResponseSinkTest, CollectsHeadersAndBody) {
  ResponseSink sink(100);
  EXPECT_FALSE(sink.begun());
  EXPECT_TRUE(sink.AddHeaderLine("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(sink.begun());
  EXPECT_TRUE(sink.AddHeaderLine("Retry-After: \t 7 \r\n"));
  EXPECT_TRUE(sink.AddHeaderLine("Empty:\r\n"));
  EXPECT_TRUE(sink.AddHeaderLine("\r\n"));
  EXPECT_TRUE(sink.AddBody("ab"));
  EXPECT_TRUE(sink.AddBody("cd"));
  const ClientResponse response = sink.Take(201);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers,
            (std::vector<Header>{{"Retry-After", "7"}, {"Empty", ""}}));
  EXPECT_EQ(response.body, "abcd");
}

TEST(ResponseSinkTest, ForgetsTheHeadersOfAnInterimAnswer) {
  ResponseSink sink(100);
  sink.AddHeaderLine("HTTP/1.1 103 Early Hints\r\n");
  sink.AddHeaderLine("Link: x\r\n");
  sink.AddHeaderLine("HTTP/1.1 200 OK\r\n");
  sink.AddHeaderLine("A: b\r\n");
  EXPECT_EQ(sink.Take(200).headers, (std::vector<Header>{{"A", "b"}}));
}

TEST(ResponseSinkTest, StopsAtTheFirstByteOverTheBodyBound) {
  ResponseSink sink(4);
  EXPECT_TRUE(sink.AddBody("abcd"));
  EXPECT_TRUE(sink.AddBody(""));
  EXPECT_FALSE(sink.over_a_bound());
  EXPECT_FALSE(sink.AddBody("e"));
  EXPECT_TRUE(sink.over_a_bound());
  EXPECT_FALSE(sink.AddBody("")) << "once over, always over";
}

TEST(ResponseSinkTest, TakesAHundredHeadersAndNotOneMore) {
  ResponseSink sink(4);
  for (size_t i = 0; i < ResponseSink::kMaxHeaders; ++i) {
    ASSERT_TRUE(sink.AddHeaderLine("A: b\r\n"));
  }
  EXPECT_FALSE(sink.AddHeaderLine("A: b\r\n"));
  EXPECT_TRUE(sink.over_a_bound());
}

TEST(ResponseSinkTest, CountsTheBytesOfInterimAnswersToo) {
  ResponseSink sink(4);
  const std::string line = "A: " + std::string(32 * 1024 - 5, 'x') + "\r\n";
  EXPECT_TRUE(sink.AddHeaderLine(line));
  EXPECT_TRUE(sink.AddHeaderLine(line));
  EXPECT_FALSE(sink.AddHeaderLine("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace claviger::http
