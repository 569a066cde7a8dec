// SPDX-License-Identifier: Apache-2.0
//
// A server that checks signatures by itself (tests/servers/http/s3.py), and
// curl, which signs with a key that it does not know: through the proxy its
// requests are taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "support/real_servers.h"
#include "unit/sidecar/proxy/http/fixture.h"
#include "unit/sidecar/proxy/http/peers.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::FindProgram;
using claviger::testing::ScratchDirectory;
using ::testing::HasSubstr;

class S3Test : public ::testing::Test {
 protected:
  void SetUp() override {
    CLAVIGER_NEED_SERVER(FindProgram("curl"));
    auto server = PeerServer::Start(
        {"python3", PeerFile("s3.py"), "AKIAREAL", kCanary, "a-session"},
        directory_.path());
    CLAVIGER_NEED_SERVER(server);
    server_.emplace(*std::move(server));
    proxy_.Start(server_->url());
    proxy_.access.SetEndpoint([](auto& facts) {
      facts.provider = "s3";
      facts.credential_type = "aws-static";
      facts.endpoint.parameters = {{"region", "eu-west-1"}};
    });
    proxy_.access.SetCredential({{"access_key_id", "AKIAREAL"},
                                 {"secret_access_key", kCanary},
                                 {"session_token", "a-session"}});
    std::ofstream(directory_.path() + "/file") << std::string(300'000, 'x');
  }

  // The status and the body.
  std::string Curl(const std::string& target,
                   std::vector<std::string> arguments = {}) {
    return Run("http://127.0.0.1:" + std::to_string(proxy_.port()) + target,
               std::move(arguments));
  }
  static std::string Run(const std::string& url,
                         std::vector<std::string> arguments) {
    claviger::testing::ProcessOptions options;
    options.argv = {
        "curl",        "--silent",        "--noproxy",   "*",
        "--user",      "pod-secret:none", "--aws-sigv4", "aws:amz:eu-west-1:s3",
        "--write-out", "%{http_code} ",   "--globoff"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.argv.push_back(url);
    const auto ran = claviger::testing::RunToEnd(std::move(options));
    return ran ? ran->out : ran.error().message;
  }

  ScratchDirectory directory_ = *ScratchDirectory::Create();
  std::optional<PeerServer> server_;
  RunningProxy proxy_;
};

TEST_F(S3Test, TakesWhatTheProxySigned) {
  const std::string file = directory_.path() + "/file";
  EXPECT_EQ(Curl("/bucket/a%20b/c+d(e)%2Ff",
                 {"--upload-file", file, "--header", "x-amz-meta-note: a  b",
                  "--header", "Content-Type: text/plain"}),
            "200 ");
  EXPECT_EQ(Curl("/bucket/chunked", {"--upload-file", file, "--header",
                                     "Transfer-Encoding: chunked"}),
            "200 ");
  EXPECT_EQ(Curl("/bucket/small", {"--request", "PUT", "--data", "small"}),
            "200 ");
  EXPECT_EQ(Curl("/bucket/small"), "small200 ");
  EXPECT_THAT(Curl("/bucket/a%20b/c%2Bd(e)/f", {"--head"}),
              HasSubstr("x-amz-meta-note: a b"));
  EXPECT_EQ(Curl("/bucket/?list-type=2&prefix=sm&max-keys"),
            "/bucket/small200 ");
  EXPECT_EQ(Curl("/bucket/?prefix=a+b"), "/bucket/a b/c+d(e)/f200 ");
  EXPECT_EQ(Curl("/bucket/small", {"--request", "DELETE"}), "204 ");
  EXPECT_EQ(Curl("/bucket/small"), "404 ");
}

// AWS's own SDK prints through the proxy what it prints with the real key.
TEST_F(S3Test, TakesWhatAnSdkStoresAndReads) {
  claviger::testing::ProcessOptions probe;
  probe.argv = {"python3", "-c", "import boto3"};
  const auto there = claviger::testing::RunToEnd(std::move(probe));
  if (!there || there->exit_code != 0) {
    GTEST_SKIP() << "not available: boto3";
  }
  const auto boto = [](const std::vector<std::string>& arguments) {
    claviger::testing::ProcessOptions options;
    options.argv = {"python3", PeerFile("boto.py")};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    const auto ran = claviger::testing::RunToEnd(std::move(options));
    EXPECT_EQ(ran->exit_code, 0) << ran->err;
    return ran->out;
  };
  const std::string direct =
      boto({server_->url(), "AKIAREAL", kCanary, "a-session"});
  EXPECT_THAT(direct, HasSubstr("404"));
  EXPECT_EQ(boto({"http://127.0.0.1:" + std::to_string(proxy_.port()),
                  "pod-secret", "none"}),
            direct);
}

TEST_F(S3Test, TakesNothingElse) {
  EXPECT_EQ(Run(server_->url() + "/bucket/small", {}), "unknown key403 ");
  proxy_.access.SetCredential({{"access_key_id", "AKIAREAL"},
                               {"secret_access_key", "another-key"},
                               {"session_token", "a-session"}});
  EXPECT_EQ(Curl("/bucket/small"), "wrong signature403 ");
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
