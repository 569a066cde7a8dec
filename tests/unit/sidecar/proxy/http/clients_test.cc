// SPDX-License-Identifier: Apache-2.0
//
// Clients that nobody here wrote pass through the proxy what they pass
// directly: each asks a server of Go's for everything, once past the proxy and
// once through it, and must print the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::Not;

constexpr const char* kSecret = "pod-secret";  // RunningProxy's

class ClientsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto program = CompilePeer(directory_.path());
    CLAVIGER_NEED_SERVER(program);
    peer_ = *program;
    auto server = PeerServer::Start({peer_, "serve"}, directory_.path());
    CLAVIGER_NEED_SERVER(server);
    server_.emplace(*std::move(server));
    proxy_.Start(server_->url());
  }

  std::string Url() const {
    return "http://127.0.0.1:" + std::to_string(proxy_.port());
  }
  static std::string OutputOf(std::vector<std::string> argv) {
    claviger::testing::ProcessOptions options;
    options.argv = std::move(argv);
    const auto ran = claviger::testing::RunToEnd(std::move(options));
    if (!ran) return "not run: " + ran.error().message;
    EXPECT_EQ(ran->exit_code, 0) << ran->err;
    return ran->out;
  }
  // `before` and `behind` are put around the server's address.
  void ExpectSame(const std::vector<std::string>& before,
                  const std::vector<std::string>& behind,
                  const std::string& url) {
    std::vector<std::string> direct = before;
    direct.push_back(server_->url());
    const std::string plain = OutputOf(direct);
    std::vector<std::string> proxied = before;
    proxied.push_back(url);
    proxied.insert(proxied.end(), behind.begin(), behind.end());
    const std::string through = OutputOf(proxied);
    EXPECT_EQ(through, plain);
    EXPECT_THAT(plain, HasSubstr("chunked"));
    EXPECT_THAT(through, Not(HasSubstr(kCanary)));
    EXPECT_FALSE(proxy_.observer.lines().empty());
  }

  ScratchDirectory directory_ = *ScratchDirectory::Create();
  std::string peer_;
  std::optional<PeerServer> server_;
  RunningProxy proxy_;
};

TEST_F(ClientsTest, Go) { ExpectSame({peer_, "ask"}, {kSecret}, Url()); }

TEST_F(ClientsTest, Curl) {
  CLAVIGER_NEED_SERVER(FindProgram("curl"));
  const std::string script = PeerFile("curl.sh");
  ExpectSame({script}, {"--user", std::string("app:") + kSecret}, Url());
  ExpectSame({script}, {"--unix-socket", proxy_.path()}, server_->url());
}

TEST_F(ClientsTest, PythonUrllib) {
  CLAVIGER_NEED_SERVER(FindProgram("python3"));
  ExpectSame({"python3", PeerFile("client.py"), "urllib"}, {kSecret}, Url());
}

TEST_F(ClientsTest, PythonRequests) {
  CLAVIGER_NEED_SERVER(FindProgram("python3"));
  claviger::testing::ProcessOptions probe;
  probe.argv = {"python3", "-c", "import requests"};
  const auto there = claviger::testing::RunToEnd(std::move(probe));
  if (!there || there->exit_code != 0) {
    GTEST_SKIP() << "not available: Python's requests";
  }
  ExpectSame({"python3", PeerFile("client.py"), "requests"}, {kSecret}, Url());
}

TEST_F(ClientsTest, Java) {
  const auto compiler = FindProgram("javac");
  if (!compiler) GTEST_SKIP() << "not available: " << compiler.error().message;
  OutputOf({*compiler, "-d", directory_.path(), PeerFile("Client.java")});
  ExpectSame({"java", "-Xshare:auto", "-cp", directory_.path(), "Client"},
             {kSecret}, Url());
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
