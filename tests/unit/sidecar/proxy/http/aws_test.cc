// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "sidecar/proxy/http/aws_fields.h"
#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::AnswerHttp;
using claviger::testing::ScriptedServer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The example key of AWS's own documentation.
AwsKey ExampleKey(const std::string& service, const std::string& id) {
  AwsKey key;
  key.access_key_id = id;
  key.secret_access_key = Secret(std::string(
      id == "AKIDEXAMPLE" ? "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
                          : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
  key.region = "us-east-1";
  key.service = service;
  return key;
}

struct Vector {
  const char* name;
  const char* method;
  const char* path;
  const char* query;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
  const char* body;
  const char* signature;
};

// Of the test suite of Signature Version 4, by its names.
const std::vector<Vector>& TestSuite() {
  static const std::vector<Vector> kVectors = {
      {"get-vanilla",
       "GET",
       "/",
       "",
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/",
       "Param2=value2&Param1=value1",
       {},
       "",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-unreserved",
       "GET",
       "/",
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       "",
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       "GET",
       "/",
       "\xe1\x88\xb4=bar",
       {},
       "",
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-utf8",
       "GET",
       "/\xe1\x88\xb4",
       "",
       {},
       "",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-space",
       "GET",
       "/example space/",
       "",
       {},
       "",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-slash",
       "GET",
       "//",
       "",
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slashes",
       "GET",
       "//example//",
       "",
       {},
       "",
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-header-value-order",
       "GET",
       "/",
       "",
       {{"my-header1", "value4,value1,value3,value2"}},
       "",
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"post-vanilla",
       "POST",
       "/",
       "",
       {},
       "",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       "",
       {{"content-type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"post-header-key-sort",
       "POST",
       "/",
       "",
       {{"my-header1", "value1"}},
       "",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
  };
  return kVectors;
}

TEST(AwsTest, SignsAsTheTestSuiteDoes) {
  for (const Vector& vector : TestSuite()) {
    AwsRequest request{vector.method, vector.path, vector.query, vector.headers,
                       Sha256Hex(vector.body)};
    request.headers.emplace_back("x-amz-date", "20150830T123600Z");
    request.headers.emplace_back("host", "example.amazonaws.com");
    EXPECT_THAT(AwsAuthorization(ExampleKey("service", "AKIDEXAMPLE"), request,
                                 "20150830T123600Z"),
                EndsWith(std::string("Signature=") + vector.signature))
        << vector.name << "\n"
        << AwsCanonicalRequest(request, false);
  }
}

TEST(AwsTest, NamesKeyScopeAndHeaders) {
  AwsRequest request{"GET", "/", "", {}, Sha256Hex("")};
  request.headers = {{"x-amz-date", "20150830T123600Z"},
                     {"host", "example.amazonaws.com"}};
  EXPECT_THAT(
      AwsAuthorization(ExampleKey("service", "AKIDEXAMPLE"), request,
                       "20150830T123600Z"),
      StartsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
                 "service/aws4_request, SignedHeaders=host;x-amz-date, "
                 "Signature="));
}

// "GET Object", "PUT Object", "GET Bucket Lifecycle" and "List Objects" of S3's
// documentation.
TEST(AwsTest, SignsAsTheDocumentationOfS3Does) {
  const std::string body = Sha256Hex("Welcome to Amazon S3.");
  AwsRequest put{"PUT", "/test%24file.text", "", {}, body};
  put.headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                 {"host", "examplebucket.s3.amazonaws.com"},
                 {"x-amz-content-sha256", body},
                 {"x-amz-date", "20130524T000000Z"},
                 {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_THAT(AwsAuthorization(ExampleKey("s3", "AKIAIOSFODNN7EXAMPLE"), put,
                               "20130524T000000Z"),
              HasSubstr("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971"
                        "af0ece108bd"));
  AwsRequest object{"GET", "/test.txt", "", {}, Sha256Hex("")};
  object.headers = {{"host", "examplebucket.s3.amazonaws.com"},
                    {"range", "bytes=0-9"},
                    {"x-amz-content-sha256", Sha256Hex("")},
                    {"x-amz-date", "20130524T000000Z"}};
  const AwsKey key = ExampleKey("s3", "AKIAIOSFODNN7EXAMPLE");
  EXPECT_THAT(
      AwsAuthorization(key, object, "20130524T000000Z"),
      HasSubstr("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036"
                "bdb41"));
  AwsRequest lifecycle{"GET", "/", "lifecycle", {}, Sha256Hex("")};
  lifecycle.headers = {{"host", "examplebucket.s3.amazonaws.com"},
                       {"x-amz-content-sha256", Sha256Hex("")},
                       {"x-amz-date", "20130524T000000Z"}};
  EXPECT_THAT(
      AwsAuthorization(key, lifecycle, "20130524T000000Z"),
      HasSubstr("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783"
                "543"));
  AwsRequest list{"GET", "/", "prefix=J&max-keys=2", {}, Sha256Hex("")};
  list.headers = lifecycle.headers;
  EXPECT_THAT(
      AwsAuthorization(key, list, "20130524T000000Z"),
      HasSubstr("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6"
                "f7"));
}

TEST(AwsTest, TakesThePathOfS3AsItStands) {
  AwsRequest request{"GET", "/a//b%2Fc%20+(d)/", "", {}, ""};
  EXPECT_THAT(AwsCanonicalRequest(request, true),
              StartsWith("GET\n/a//b%2Fc%20%2B%28d%29/\n"));
  EXPECT_THAT(AwsCanonicalRequest(request, false),
              StartsWith("GET\n/a/b%252Fc%2520%2B%28d%29/\n"));
}

TEST(AwsTest, WritesTheDateAsAwsReadsIt) {
  EXPECT_EQ(AwsDate(*ParseRfc3339("2015-08-30T12:36:00Z")), "20150830T123600Z");
}

class AwsProxyTest : public ::testing::Test {
 protected:
  std::optional<RawResponse> Ask(const std::string& request) {
    server_ = std::make_unique<ScriptedServer>(
        std::vector<claviger::testing::Script>{AnswerHttp(200, "object")});
    proxy_ = std::make_unique<RunningProxy>();
    proxy_->Start(server_->url());
    proxy_->access.SetEndpoint([this](auto& facts) {
      facts.provider = provider_;
      facts.credential_type = "aws-static";
      facts.endpoint.path_prefixes = prefixes_;
      facts.endpoint.parameters = {{"region", "eu-west-1"}};
      if (provider_ == "http") facts.endpoint.parameters["service"] = "logs";
    });
    proxy_->access.SetCredential({{"access_key_id", "AKIAREAL"},
                                  {"secret_access_key", kCanary},
                                  {"session_token", "session-of-ours"}});
    return proxy_->Ask(request);
  }

  std::string provider_ = "s3";
  std::vector<std::string> prefixes_;
  std::unique_ptr<RunningProxy> proxy_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(AwsProxyTest, SignsInPlaceOfTheClient) {
  const auto response = Ask(
      "PUT /bucket/a%20b?X-Amz-Signature=theirs&partNumber=1 HTTP/1.1\r\n"
      "Host: l\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIADUMMY/x\r\n"
      "x-amz-date: 20000101T000000Z\r\nX-Amz-Security-Token: theirs\r\n"
      "x-amz-meta-a: 1  2\r\nx_amz_security_token: theirs\r\n"
      "Connection: x-amz-meta-b\r\nx-amz-meta-b: theirs\r\n"
      "X-Amz-Meta-A: 3\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  const std::string seen = server_->requests().at(0);
  EXPECT_THAT(seen, HasSubstr("PUT /bucket/a%20b?partNumber=1 HTTP/1.1"));
  EXPECT_THAT(seen, HasSubstr("Credential=AKIAREAL/"));
  EXPECT_THAT(
      seen,
      HasSubstr(
          "/eu-west-1/s3/aws4_request, SignedHeaders="
          "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;"
          "x-amz-security-token"));
  EXPECT_THAT(seen, HasSubstr("x-amz-content-sha256: UNSIGNED-PAYLOAD"));
  EXPECT_THAT(seen, HasSubstr("x-amz-meta-a: 1 2,3\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Type: a/b\r\n"));
  EXPECT_THAT(seen, HasSubstr("x-amz-security-token: session-of-ours"));
  EXPECT_THAT(seen, Not(HasSubstr("theirs")));
  EXPECT_THAT(seen, Not(HasSubstr("AKIADUMMY")));
  EXPECT_THAT(seen, Not(HasSubstr("20000101")));
  EXPECT_THAT(seen, Not(HasSubstr(kCanary)));
}

TEST_F(AwsProxyTest, TakesThePodsSecretAsTheNameOfTheClientsKey) {
  Ask("GET /b HTTP/1.1\r\nHost: l\r\n\r\n");
  const auto status = [this](const std::string& key) {
    RawClient client = proxy_->ConnectTcp();
    client.Send(
        "GET /b HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: "
        "AWS4-HMAC-SHA256 Credential=" +
        key +
        "/20150830/eu-west-1/s3/aws4_request, SignedHeaders=host, "
        "Signature=00\r\n\r\n");
    const auto response = client.Read();
    return response ? response->status : 0;
  };
  EXPECT_EQ(status("pod-secret"), 200);
  EXPECT_EQ(status("pod-secre"), 401);
  EXPECT_EQ(status(""), 401);
  EXPECT_THAT(server_->requests().at(1), Not(HasSubstr("pod-secret")));
}

TEST_F(AwsProxyTest, KeepsTheHashThatTheClientMade) {
  const std::string hash = Sha256Hex("abc");
  Ask("PUT /b/k HTTP/1.1\r\nHost: l\r\nx-amz-content-sha256: " + hash +
      "\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(server_->requests().at(0),
              HasSubstr("x-amz-content-sha256: " + hash));
}

TEST_F(AwsProxyTest, CopiesOnlyWhatIsBelowWhereItMayGo) {
  prefixes_ = {"/mine/"};
  const auto copy = [](const std::string& source) {
    return "PUT /mine/b HTTP/1.1\r\nHost: l\r\nContent-Length: 0\r\n"
           "x-amz-copy-source: " +
           source + "\r\n\r\n";
  };
  for (const char* source : {"/theirs/a", "theirs/a", "/mine/../theirs/a",
                             "mine%2F%2e%2e%2Ftheirs", "%2ftheirs%2fa"}) {
    const auto response = Ask(copy(source));
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, HasSubstr("TargetNotAllowed")) << source;
    EXPECT_TRUE(server_->requests().empty()) << source;
  }
  for (const char* source : {"/mine/a", "mine%2Fa?versionId=3"}) {
    const auto response = Ask(copy(source));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200) << source;
  }
}

TEST_F(AwsProxyTest, SendsAPlusInAQueryAsTheSpaceItIs) {
  Ask("GET /b?prefix=a+b HTTP/1.1\r\nHost: l\r\n\r\n");
  EXPECT_THAT(server_->requests().at(0), HasSubstr("GET /b?prefix=a%20b "));
}

TEST_F(AwsProxyTest, SendsThePathOfAnObjectInOneSpelling) {
  Ask("GET /b/a%2fb//c+(d)%41 HTTP/1.1\r\nHost: l\r\n\r\n");
  EXPECT_THAT(server_->requests().at(0),
              HasSubstr("GET /b/a/b//c%2B%28d%29A "));
}

TEST_F(AwsProxyTest, RefusesBodiesOfOtherServicesWithoutTheirHash) {
  provider_ = "http";
  const auto response =
      Ask("POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(response);
  EXPECT_THAT(response->body, HasSubstr("CredentialUnusable"));
  EXPECT_TRUE(server_->requests().empty());
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
