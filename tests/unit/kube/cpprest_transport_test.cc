// SPDX-License-Identifier: Apache-2.0
#include "kube/cpprest_transport.h"

#include <gtest/gtest.h>
#include <openssl/tls1.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/certificates.h"
#include "support/memory.h"
#include "support/scripted_server.h"
#include "support/tls_server.h"

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;
using testing::AnswerHttp;
using testing::AnswerWith;
using testing::Script;
using testing::ScriptedServer;
using testing::Step;
using testing::TlsServer;

constexpr milliseconds kShort{200};
const char kChunkedHead[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

std::string Chunk(const std::string& bytes) {
  char size[16];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

Script Hanging(std::string bytes) {
  Script script = AnswerWith(std::move(bytes));
  script.push_back({Step::Kind::kHang});
  return script;
}

class CpprestTransportTest : public ::testing::Test {
 protected:
  static Request Get(milliseconds deadline = std::chrono::seconds(10)) {
    Request request;
    request.path = {"api", "v1", "pods"};
    request.deadline = deadline;
    return request;
  }
  std::unique_ptr<Transport> To(const ScriptedServer& server) const {
    return MakePlainTransportForTest(server.url(), clock_);
  }
  // The answer of a server that plays this.
  Result<Response> Send(Script script, const Request& request) const {
    const ScriptedServer server({std::move(script)});
    return To(server)->Send(request);
  }
  // All pieces in one, then the outcome.
  std::string Stream(Script script, const Request& request) const {
    const ScriptedServer server({std::move(script)});
    std::string taken;
    const auto response =
        To(server)->Stream(request, [&](std::string_view piece) {
          taken += piece;
          return true;
        });
    if (!response) return taken + "|" + CodeOf(response);
    return taken + "|" + std::to_string(response->status) + response->body;
  }

  SystemClock clock_;
};

TEST_F(CpprestTransportTest, SendsAnEncodedPathAndQuery) {
  const ScriptedServer server({AnswerHttp(200, "{}")});
  Request request = Get();
  request.path = {"api", "a/b?c", "d e"};
  request.query = {{"labelSelector", "x=y,z"}, {"continue", "a+b/c=&"}};
  request.accept = "application/json;as=X";
  ASSERT_TRUE(To(server)->Send(request));
  const std::string sent = server.requests().at(0);
  EXPECT_EQ(sent.substr(0, sent.find("\r\n")),
            "GET /api/a%2Fb%3Fc/d%20e?labelSelector=x%3Dy%2Cz&"
            "continue=a%2Bb%2Fc%3D%26 HTTP/1.1");
  EXPECT_NE(sent.find("Accept:application/json;as=X\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("Authorization"), std::string::npos);
}

TEST_F(CpprestTransportTest, SaysWhatTypeABodyIs) {
  const ScriptedServer server({AnswerHttp(200, "{}")});
  Request request = Get();
  request.method = "PATCH";
  request.body = "{}";
  request.content_type = "application/merge-patch+json";
  ASSERT_TRUE(To(server)->Send(request));
  const std::string sent = server.requests().at(0);
  EXPECT_EQ(sent.rfind("PATCH ", 0), 0U);
  EXPECT_NE(sent.find("Content-Type:application/merge-patch+json\r\n"),
            std::string::npos);
}

TEST_F(CpprestTransportTest, ReturnsAnyStatusWithItsBody) {
  const auto answer =
      Send(AnswerHttp(429, "slow down", "Retry-After: 7\r\n"), Get());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, "slow down");
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(7));
}

TEST_F(CpprestTransportTest, FollowsNoRedirect) {
  const ScriptedServer server(
      {AnswerHttp(302, "", "Location: http://127.0.0.1:1/\r\n")});
  const auto answer = To(server)->Send(Get());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CpprestTransportTest, EndsByItsDeadlineWhereverTheServerStops) {
  EXPECT_EQ(CodeOf(Send(testing::Hang(), Get(kShort))), "deadline_exceeded");
  EXPECT_EQ(CodeOf(Send(Hanging("HTTP/1.1 200 OK\r\nContent-"), Get(kShort))),
            "deadline_exceeded");
  EXPECT_EQ(
      CodeOf(Send(Hanging("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
                  Get(kShort))),
      "deadline_exceeded");
  const Script drip{{Step::Kind::kReadRequest},
                    {Step::Kind::kDrip, std::string(500, 'x')}};
  EXPECT_EQ(CodeOf(Send(drip, Get(kShort))), "deadline_exceeded");
}

TEST_F(CpprestTransportTest, ReportsAConnectionThatBreaks) {
  for (const Script& script :
       {testing::CloseAtOnce(), AnswerWith(""), AnswerWith("garbage\r\n\r\n"),
        AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        AnswerWith(std::string(kChunkedHead) + "5\r\nab"),
        AnswerWith(std::string(kChunkedHead) + "zz\r\nab\r\n"),
        Script{{Step::Kind::kReadRequest}, {Step::Kind::kReset}}}) {
    EXPECT_EQ(CodeOf(Send(script, Get())), "unavailable");
  }
}

TEST_F(CpprestTransportTest, ReportsThatNobodyListens) {
  const auto transport =
      MakePlainTransportForTest("http://127.0.0.1:1", clock_);
  EXPECT_EQ(CodeOf(transport->Send(Get())), "unavailable");
}

TEST_F(CpprestTransportTest, RefusesABodyOverItsBoundBeforeAllOfItIsThere) {
  constexpr uint64_t kMegabytes = 100;
  Request request = Get();
  request.max_response_bytes = size_t{1} << 20U;
  const std::string megabyte(size_t{1} << 20U, 'x');
  Script whole = AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: " +
                            std::to_string(kMegabytes << 20U) + "\r\n\r\n");
  whole.push_back({Step::Kind::kSend, megabyte, kMegabytes});
  Script chunked = AnswerWith(kChunkedHead);
  chunked.push_back({Step::Kind::kSend, Chunk(megabyte), kMegabytes});
  for (const Script& script : {whole, chunked}) {
    const ScriptedServer server({script});
    EXPECT_EQ(CodeOf(To(server)->Send(request)), "too_large");
    EXPECT_LT(server.bytes_sent(), uint64_t{30} << 20U);
  }
}

TEST_F(CpprestTransportTest, TakesABodyOfExactlyItsBound) {
  Request request = Get();
  request.max_response_bytes = 5;
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "12345"), request)), "ok");
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "123456"), request)), "too_large");
}

TEST_F(CpprestTransportTest, RefusesMoreHeadersThanAnAnswerMayHave) {
  const auto headers = [](int count, size_t size) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      lines +=
          "X-" + std::to_string(i) + ": " + std::string(size, 'x') + "\r\n";
    }
    return lines;
  };
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "{}", headers(99, 600)), Get())), "ok");
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "{}", headers(100, 1)), Get())),
            "too_large");
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "{}", headers(99, 700)), Get())),
            "too_large");
  EXPECT_EQ(Stream(AnswerHttp(200, "{}", headers(100, 1)), Get()),
            "|too_large");
}

TEST_F(CpprestTransportTest, SurvivesAChunkOfANegativeSize) {
  for (const char* size : {"-1", "-2", "-7fffffff"}) {
    const Script script =
        AnswerWith(std::string(kChunkedHead) + size + "\r\nabc\r\n");
    EXPECT_EQ(CodeOf(Send(script, Get())), "unavailable") << size;
    EXPECT_EQ(Stream(script, Get()), "|unavailable") << size;
  }
}

TEST_F(CpprestTransportTest, GoesOnAfterManyBodiesOverTheirBoundAtOnce) {
  Request request = Get();
  request.max_response_bytes = 5;
  const auto refuse_some = [&] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "123456"), request)), "too_large");
    }
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back(refuse_some);
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(CodeOf(Send(AnswerHttp(200, "12345"), request)), "ok");
}

TEST_F(CpprestTransportTest, HandsAStreamOnPieceByPiece) {
  Script script = AnswerWith(kChunkedHead + Chunk("one\n") + Chunk("two\n"));
  script.push_back({Step::Kind::kSend, Chunk("three\n") + "0\r\n\r\n"});
  EXPECT_EQ(Stream(script, Get()), "one\ntwo\nthree\n|200");
}

TEST_F(CpprestTransportTest, GivesWhatArrivedBeforeAStreamBroke) {
  EXPECT_EQ(Stream(AnswerWith(kChunkedHead + Chunk("one\n")), Get()),
            "one\n|unavailable");
}

TEST_F(CpprestTransportTest, EndsAStreamThatIsSilentForTooLong) {
  EXPECT_EQ(Stream(Hanging(kChunkedHead + Chunk("one\n")), Get(kShort)),
            "one\n|deadline_exceeded");
  EXPECT_EQ(Stream(testing::Hang(), Get(kShort)), "|deadline_exceeded");
}

TEST_F(CpprestTransportTest, TakesNothingOfAnotherStatus) {
  EXPECT_EQ(Stream(AnswerHttp(410, "gone"), Get()), "|410gone");
  Request request = Get();
  request.max_response_bytes = 3;
  EXPECT_EQ(Stream(AnswerHttp(410, "gone"), request), "|too_large");
}

TEST_F(CpprestTransportTest, EndsAStreamWhoseTakerHasEnough) {
  const ScriptedServer server({Hanging(kChunkedHead + Chunk("one\n"))});
  const auto response =
      To(server)->Stream(Get(), [](std::string_view) { return false; });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST_F(CpprestTransportTest, LetsTheServerWaitForASlowTaker) {
  Script script = AnswerWith(kChunkedHead);
  script.push_back({Step::Kind::kSend, Chunk(std::string(65'536, 'x')), 1'600});
  const ScriptedServer server({script});
  uint64_t sent = 0;
  const auto response = To(server)->Stream(Get(), [&](std::string_view) {
    // The server goes on until all buffers on the way are full.
    do {
      sent = server.bytes_sent();
      std::this_thread::yield();
    } while (server.bytes_sent() != sent || sent < (size_t{1} << 20U));
    return false;
  });
  EXPECT_TRUE(response);
  EXPECT_LT(sent, uint64_t{40} << 20U);
}

TEST_F(CpprestTransportTest, CloseEndsCallsUnderWayAndRefusesLaterOnes) {
  const ScriptedServer server({Hanging(kChunkedHead + Chunk("one\n"))});
  const auto transport = To(server);
  std::atomic<bool> streaming{false};
  std::string outcome;
  std::thread thread([&] {
    outcome = CodeOf(transport->Stream(Get(), [&](std::string_view) {
      streaming = true;
      return true;
    }));
  });
  while (!streaming) std::this_thread::yield();
  transport->Close();
  thread.join();
  EXPECT_EQ(outcome, "unavailable");
  EXPECT_EQ(CodeOf(transport->Send(Get())), "unavailable");
}

TEST_F(CpprestTransportTest, UsesConnectionsAgain) {
  constexpr int kCalls = 50;
  Script script;
  for (int i = 0; i < kCalls; ++i) {
    const Script answer = AnswerHttp(200, "{}");
    script.insert(script.end(), answer.begin(), answer.end());
  }
  const ScriptedServer server({script});
  const auto transport = To(server);
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(CodeOf(transport->Send(Get())), "ok");
  }
  // Not always: a call may begin before the one before has let go.
  EXPECT_LT(server.connections(), kCalls);
}

class CpprestTransportTlsTest : public CpprestTransportTest {
 protected:
  static testing::CertificateAuthority Authority() {
    return *testing::CertificateAuthority::Create("test");
  }
  std::string CodeFrom(const TlsServer& server, const std::string& ca) const {
    Cluster cluster;
    cluster.server = "https://127.0.0.1:" + std::to_string(server.port());
    cluster.ca_pem = ca;
    cluster.token = Secret(std::string("t0p"));
    auto transport = MakeCpprestTransport(std::move(cluster), clock_);
    return transport ? CodeOf((*transport)->Send(Get())) : CodeOf(transport);
  }

  // A server that begins its answers so, and goes on with `more`.
  std::unique_ptr<TlsServer> Server(std::string answer, std::string more,
                                    uint64_t times) const {
    const auto leaf = *ca_.IssueForLoopback();
    return std::make_unique<TlsServer>(
        testing::TlsServerSettings{.certificate_pem = leaf.certificate_pem,
                                   .key_pem = leaf.key_pem,
                                   .answer = std::move(answer),
                                   .more = std::move(more),
                                   .times = times});
  }
  std::unique_ptr<Transport> To(const TlsServer& server) const {
    Cluster cluster;
    cluster.server = "https://127.0.0.1:" + std::to_string(server.port());
    cluster.ca_pem = ca_.certificate_pem();
    cluster.token = Secret(std::string("t0p"));
    return *MakeCpprestTransport(std::move(cluster), clock_);
  }

  const testing::CertificateAuthority ca_ = Authority();
};

struct Endless {
  const char* name;
  std::string answer;
  std::string more;
};

class CpprestTransportEndlessTest
    : public CpprestTransportTlsTest,
      public ::testing::WithParamInterface<Endless> {};

// What the library collects before it hands anything on is bounded, too.
TEST_P(CpprestTransportEndlessTest, AreEndedByTheirBound) {
  constexpr uint64_t kMegabytes = 200;
  Request request = Get();
  request.max_response_bytes = size_t{1} << 20U;
  std::string megabyte;
  while (megabyte.size() < size_t{1} << 20U) megabyte += GetParam().more;
  const auto server = Server(GetParam().answer, megabyte, kMegabytes);
  const testing::PeakMemory memory;
  EXPECT_EQ(CodeOf(To(*server)->Send(request)), "too_large");
  EXPECT_EQ(CodeOf(To(*server)->Stream(request,
                                       [](std::string_view) { return true; })),
            "too_large");
  // Two answers, and what was on the way.
  EXPECT_LT(server->bytes_sent(), uint64_t{40} << 20U);
  EXPECT_LT(memory.GrowthMiB(), 80);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, CpprestTransportEndlessTest,
    ::testing::Values(
        Endless{"WithHeadersWithoutEnd", "HTTP/1.1 200 OK\r\n", "A: b\r\n"},
        Endless{"WithAHeaderWithoutEnd", "HTTP/1.1 200 OK\r\nA: ", "b"},
        Endless{"WithASizeOfAChunkWithoutEnd", kChunkedHead, "0"},
        Endless{"WithAHugeChunk", std::string(kChunkedHead) + "7fffffff\r\n",
                "x"}),
    [](const auto& one) { return std::string(one.param.name); });

// As long as it is handed on, a stream may bring any amount.
TEST_F(CpprestTransportTlsTest, HandsOnAStreamManyTimesItsBound) {
  constexpr uint64_t kChunks = 320;
  Request request = Get();
  request.max_response_bytes = size_t{1} << 20U;
  const auto server =
      Server(kChunkedHead, Chunk(std::string(65'536, 'x')), kChunks);
  uint64_t taken = 0;
  (void)To(*server)->Stream(request, [&](std::string_view piece) {
    taken += piece.size();
    return true;
  });
  EXPECT_EQ(taken, kChunks * 65'536);
}

TEST_F(CpprestTransportTlsTest, TrustsTheClustersAuthorityAndNoOther) {
  const auto leaf = *ca_.IssueForLoopback();
  const TlsServer server({leaf.certificate_pem, leaf.key_pem});
  EXPECT_EQ(CodeFrom(server, ca_.certificate_pem()), "ok");
  EXPECT_EQ(CodeFrom(server, Authority().certificate_pem()), "unauthenticated");
}

TEST_F(CpprestTransportTlsTest, WantsACertificateForTheAddress) {
  const auto leaf = *ca_.Issue({"x", {}, {"elsewhere"}, {"10.0.0.1"}});
  const TlsServer server({leaf.certificate_pem, leaf.key_pem});
  EXPECT_EQ(CodeFrom(server, ca_.certificate_pem()), "unauthenticated");
}

TEST_F(CpprestTransportTlsTest, SpeaksNothingOlderThanTls12) {
  const auto leaf = *ca_.IssueForLoopback();
  const TlsServer server({leaf.certificate_pem, leaf.key_pem, TLS1_1_VERSION});
  EXPECT_EQ(CodeFrom(server, ca_.certificate_pem()), "unavailable");
}

TEST_F(CpprestTransportTlsTest, RefusesAClusterThatCannotWork) {
  const auto make = [&](auto change) {
    Cluster cluster;
    cluster.server = "https://127.0.0.1:1";
    cluster.ca_pem = ca_.certificate_pem();
    cluster.token = Secret(std::string("t0p"));
    change(cluster);
    return CodeOf(MakeCpprestTransport(std::move(cluster), clock_));
  };
  EXPECT_EQ(make([](Cluster&) {}), "ok");
  EXPECT_EQ(make([](Cluster& c) { c.server = "http://127.0.0.1:1"; }),
            "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) { c.ca_pem = ""; }), "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) { c.ca_pem = "x"; }), "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) { c.ca_file = "/absent"; }),
            "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) { c.token = Secret(); }), "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) { c.client_certificate_pem = "x"; }),
            "invalid_argument");
  EXPECT_EQ(make([](Cluster& c) {
              c.client_certificate_pem = "x";
              c.client_key_pem = Secret(std::string("y"));
            }),
            "invalid_argument");
}

}  // namespace
}  // namespace claviger::kube
