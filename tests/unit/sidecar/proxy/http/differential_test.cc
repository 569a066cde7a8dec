// SPDX-License-Identifier: Apache-2.0
//
// Two servers of different make behind the proxy, and messages in front of it:
// what could be read in two ways reaches neither, and of all else both servers
// see the same messages, which end where they end.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "support/real_servers.h"
#include "unit/sidecar/proxy/http/ambiguous.h"
#include "unit/sidecar/proxy/http/fixture.h"
#include "unit/sidecar/proxy/http/peers.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::ScratchDirectory;

class DifferentialTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string make = GetParam();
    auto started = make == "go" ? StartGo() : StartPython();
    CLAVIGER_NEED_SERVER(started);
    server_.emplace(*std::move(started));
    proxy_.Start(server_->url());
    before_ = Count();
  }

  Result<PeerServer> StartGo() {
    auto program = CompilePeer(directory_.path());
    if (!program) return Fail(std::move(program.error()));
    return PeerServer::Start({*program, "serve"}, directory_.path());
  }
  Result<PeerServer> StartPython() {
    return PeerServer::Start({"python3", PeerFile("server.py")},
                             directory_.path());
  }

  // What the server has seen, asked past the proxy.
  int Count() {
    RawClient client = RawClient::ToTcp(server_->port());
    client.Send("GET /count HTTP/1.1\r\nHost: l\r\n\r\n");
    const auto response = client.Read();
    return response ? std::atoi(response->body.c_str()) : -1;
  }
  // `bytes`, and a request behind them that may not be hidden by them.
  void ExpectRefused(const std::string& name, const std::string& bytes,
                     int status) {
    RawClient client = proxy_.Connect();
    client.Send(bytes + "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n");
    const auto response = client.Read();
    ASSERT_TRUE(response) << name;
    EXPECT_EQ(response->status, status) << name;
    EXPECT_TRUE(client.IsClosed()) << name;
  }

  ScratchDirectory directory_ = *ScratchDirectory::Create();
  std::optional<PeerServer> server_;
  RunningProxy proxy_;
  int before_ = 0;
};

TEST_P(DifferentialTest, SeesNothingThatCouldBeReadInTwoWays) {
  for (const auto& messages :
       {AmbiguousFraming(), AmbiguousLines(), AmbiguousTargets()}) {
    for (const Ambiguous& message : messages) {
      ExpectRefused(message.name, message.bytes, message.status);
    }
  }
  EXPECT_EQ(Count(), before_);
}

TEST_P(DifferentialTest, SeesNothingBehindChunksThatCouldBeReadInTwoWays) {
  for (const Ambiguous& message : AmbiguousChunks()) {
    ExpectRefused(message.name,
                  "POST /x HTTP/1.1\r\nHost: l\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n" +
                      message.bytes,
                  400);
  }
  // The heads may have gone on, the bodies never whole.
  RawClient client = proxy_.Connect();
  client.Send("GET /last HTTP/1.1\r\nHost: l\r\n\r\n");
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "GET /last 0 e3b0c44298fc1c14 \n");
}

struct Valid {
  std::string bytes;
  std::string seen;
};

// SHA-256 of "abc", of "hello world" and of nothing, their first 8 bytes.
#define ABC "3 ba7816bf8f01cfea"
#define HELLO "11 b94d27b9934d3e08"
#define NOTHING "0 e3b0c44298fc1c14"

std::vector<Valid> ValidMessages() {
  const std::string host = " HTTP/1.1\r\nHost: l\r\n";
  const std::string chunked = host + "Transfer-Encoding: chunked\r\n";
  return {
      {"GET /a" + host + "\r\n", "GET /a " NOTHING},
      {"GET /a?b=%20c&d" + host + "\r\n", "GET /a?b=%20c&d " NOTHING},
      {"POST /a" + host + "Content-Length: 3\r\n\r\nabc", "POST /a " ABC},
      {"PUT /a" + host + "content-LENGTH:   003  \r\n\r\nabc", "PUT /a " ABC},
      {"POST /a" + host + "Content-Length: 0\r\n\r\n", "POST /a " NOTHING},
      {"GET /a" + host + "Content-Length: 3\r\n\r\nabc", "GET /a " ABC},
      {"POST /a" + chunked + "\r\n3\r\nabc\r\n0\r\n\r\n", "POST /a " ABC},
      {"POST /a" + chunked + "\r\n0\r\n\r\n", "POST /a " NOTHING},
      {"POST /a" + chunked +
           "\r\n1\r\nh\r\n00A\r\nello world\r\n000\r\nX-Trailer: t\r\n\r\n",
       "POST /a " HELLO},
      {"POST /a" + host +
           "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n"
           "\r\n",
       "POST /a " ABC},
      {"GET http://l/a" + host + "\r\n", "GET /a " NOTHING},
      {"DELETE /a" + host + "Connection: X-Gone\r\nX-Gone: 1\r\n\r\n",
       "DELETE /a " NOTHING},
      // What looks like a request in a body is a body.
      {"POST /a" + host + "Content-Length: 11\r\n\r\nhello world",
       "POST /a " HELLO},
  };
}

TEST_P(DifferentialTest, SeesMessagesThatEndWhereTheyEnd) {
  for (const Valid& message : ValidMessages()) {
    RawClient client = proxy_.Connect();
    client.Send(message.bytes + "GET /next HTTP/1.1\r\nHost: l\r\n\r\n");
    const auto first = client.Read();
    ASSERT_TRUE(first) << message.bytes;
    EXPECT_EQ(first->status, 200) << message.bytes;
    EXPECT_EQ(first->body.substr(0, message.seen.size()), message.seen)
        << message.bytes;
    const auto second = client.Read();
    ASSERT_TRUE(second) << message.bytes;
    EXPECT_EQ(second->body, "GET /next " NOTHING " \n") << message.bytes;
  }
  EXPECT_EQ(Count() - before_, 2 * static_cast<int>(ValidMessages().size()));
}

TEST_P(DifferentialTest, SeesAllMessagesOfOnePieceInOrder) {
  std::string bytes;
  for (const Valid& message : ValidMessages()) bytes += message.bytes;
  RawClient client = proxy_.Connect();
  client.Send(bytes);
  for (const Valid& message : ValidMessages()) {
    const auto response = client.Read();
    ASSERT_TRUE(response) << message.bytes;
    EXPECT_EQ(response->body.substr(0, message.seen.size()), message.seen);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, DifferentialTest,
                         ::testing::Values("go", "python"));

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
