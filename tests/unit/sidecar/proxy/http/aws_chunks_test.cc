// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/aws_chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::ScriptedServer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Signed(const std::string& size) {
  return size + ";chunk-signature=" + std::string(64, 'a') + "\r\n";
}

const std::string& Body() {
  static const std::string kBody =
      Signed("5") + "hello\r\n" + Signed("6") + " world\r\n" + Signed("0") +
      "x-amz-checksum-crc32:AAAA\r\nx-amz-trailer-signature:00\r\n\r\n";
  return kBody;
}

TEST(AwsChunksTest, TakesTheContentOutHoweverItIsCut) {
  for (size_t piece = 1; piece <= Body().size(); ++piece) {
    AwsChunks chunks(11);
    std::string content;
    for (size_t at = 0; at < Body().size(); at += piece) {
      EXPECT_FALSE(chunks.done());
      ASSERT_TRUE(chunks.Take(Body().substr(at, piece), content)) << piece;
    }
    EXPECT_TRUE(chunks.done());
    EXPECT_EQ(content, "hello world");
  }
}

TEST(AwsChunksTest, RefusesWhatIsNotFramedLikeThat) {
  const std::vector<std::string> bodies = {
      "5\r\nhello\r\n",
      "5;chunk-signature=00\r\nhello\r\n",
      Signed("+5") + "hello\r\n",
      Signed("0x5") + "hello\r\n",
      Signed("") + "hello\r\n",
      Signed("c") + "hello world!",
      Signed("fffffffffffffff"),
      Signed("5") + "hello!\r\n",
      Signed("5") + "hello\n",
      "5;chunk-signature=" + std::string(64, 'a') + "\nhello\r\n",
      std::string(600, 'a'),
      Signed("0") + "\r\nmore",
  };
  for (const std::string& body : bodies) {
    AwsChunks chunks(11);
    std::string content;
    EXPECT_FALSE(chunks.Take(body, content)) << body;
  }
  AwsChunks early(11);
  std::string content;
  EXPECT_TRUE(early.Take(Signed("0") + "\r\n", content));
  EXPECT_FALSE(early.done());
}

class AwsChunksProxyTest : public ::testing::Test {
 protected:
  std::optional<RawResponse> Ask(const std::string& told,
                                 const std::string& body,
                                 const std::string& headers = "") {
    server_ = std::make_unique<ScriptedServer>(
        std::vector<claviger::testing::Script>{AnswerHttp(200, "stored")});
    proxy_ = std::make_unique<RunningProxy>();
    proxy_->Start(server_->url());
    proxy_->access.SetEndpoint([](auto& facts) {
      facts.provider = "s3";
      facts.credential_type = "aws-static";
    });
    proxy_->access.SetCredential(
        {{"access_key_id", "AKIAREAL"}, {"secret_access_key", kCanary}});
    return proxy_->Ask(
        "PUT /b/k HTTP/1.1\r\nHost: l\r\n"
        "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\r\n"
        "x-amz-decoded-content-length: " +
        told + "\r\n" + headers +
        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<RunningProxy> proxy_;
};

TEST_F(AwsChunksProxyTest, SendsTheContentOn) {
  const auto response = Ask("11", Body(),
                            "Content-Encoding: aws-chunked,gzip\r\n"
                            "x-amz-trailer: x-amz-checksum-crc32\r\n"
                            "x-amz-sdk-checksum-algorithm: CRC32\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "stored");
  const std::string seen = server_->requests().at(0);
  EXPECT_THAT(seen, EndsWith("\r\n\r\nhello world"));
  EXPECT_THAT(seen, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(seen, HasSubstr("x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
  for (const char* gone : {"aws-chunked", "decoded", "trailer", "CRC32"}) {
    EXPECT_THAT(seen, Not(HasSubstr(gone)));
  }
}

TEST_F(AwsChunksProxyTest, SendsNothingOfABodyThatIsEmpty) {
  const auto response =
      Ask("0", Signed("0") + "\r\n", "Content-Encoding: aws-chunked\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "stored");
  EXPECT_THAT(server_->requests().at(0), EndsWith("Content-Length: 0\r\n\r\n"));
  EXPECT_THAT(server_->requests().at(0), Not(HasSubstr("Content-Encoding")));
}

TEST_F(AwsChunksProxyTest, RefusesAnotherLengthThanTold) {
  for (const char* told : {"10", "12", "", "x", "-1", "99999999999999999999"}) {
    const auto response = Ask(told, Body());
    ASSERT_TRUE(response) << told;
    EXPECT_EQ(response->status, 400) << told;
  }
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
