// SPDX-License-Identifier: Apache-2.0
#include "http/curl_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "support/memory.h"
#include "support/scripted_server.h"

namespace claviger::http {
namespace {

using std::chrono::milliseconds;
using testing::AnswerHttp;
using testing::AnswerWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PeakMemory;
using testing::Script;
using testing::ScriptedServer;
using testing::Step;

class CurlClientTest : public ::testing::Test {
 protected:
  Result<ClientResponse> Get(const ScriptedServer& server,
                             milliseconds deadline = milliseconds(5'000)) {
    ClientRequest request;
    request.url = server.url() + "/v1/secret?version=3";
    request.deadline = deadline;
    return client_->Send(request);
  }

  std::unique_ptr<Client> client_ = *MakeCurlClient({});
};

std::string CodeOf(const Result<ClientResponse>& response) {
  return response ? "ok" : std::string(ToString(response.error().code));
}

TEST_F(CurlClientTest, SendsExactlyWhatWasAskedFor) {
  const ScriptedServer server({AnswerHttp(200, "{}")});
  const Secret token(std::string("s.1"));
  ClientRequest request;
  request.method = Method::kPost;
  request.url = server.url() + "/v1/../x%2e?a=b";
  request.headers = {{"X-Vault-Request", "true"}, {"X-Empty", ""}};
  request.secret_headers = {{"X-Vault-Token", &token}};
  request.body = R"({"a":1})";
  ASSERT_TRUE(client_->Send(request));
  EXPECT_EQ(server.requests().at(0),
            "POST /v1/../x%2e?a=b HTTP/1.1\r\n"
            "Host: 127.0.0.1:" +
                std::to_string(server.port()) +
                "\r\n"
                "X-Vault-Request: true\r\n"
                "X-Empty:\r\n"
                "X-Vault-Token: s.1\r\n"
                "Content-Length: 7\r\n\r\n"
                R"({"a":1})");
}

TEST_F(CurlClientTest, SendsListAndDeleteWithoutBody) {
  const ScriptedServer server({AnswerHttp(200, "")});
  ClientRequest request;
  request.url = server.url() + "/";
  for (const Method method : {Method::kList, Method::kDelete, Method::kGet}) {
    request.method = method;
    ASSERT_TRUE(client_->Send(request));
  }
  const auto requests = server.requests();
  EXPECT_THAT(requests.at(0), ::testing::StartsWith("LIST / HTTP/1.1\r\n"));
  EXPECT_THAT(requests.at(1), ::testing::StartsWith("DELETE / HTTP/1.1\r\n"));
  EXPECT_THAT(requests.at(2), ::testing::StartsWith("GET / HTTP/1.1\r\n"));
  EXPECT_THAT(requests.at(0), Not(HasSubstr("Content-Length")));
}

TEST_F(CurlClientTest, ReturnsAnyStatusAsAResponse) {
  const ScriptedServer server(
      {AnswerHttp(503, R"({"errors":[]})", "Retry-After: 3\r\n")});
  const auto response = Get(server);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(FindHeader(response->headers, "retry-after"), "3");
  EXPECT_EQ(response->body, R"({"errors":[]})");
}

TEST_F(CurlClientTest, KeepsAConnectionButNothingOfTheRequest) {
  Script twice = AnswerHttp(200, "");
  for (const Step& step : AnswerHttp(200, "")) twice.push_back(step);
  const ScriptedServer server({twice});
  const Secret token(std::string("s.1"));
  ClientRequest request;
  request.method = Method::kPost;
  request.url = server.url() + "/a";
  request.secret_headers = {{"X-Vault-Token", &token}};
  request.body = "{}";
  ASSERT_TRUE(client_->Send(request));
  ASSERT_TRUE(Get(server));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(server.requests().at(1), Not(HasSubstr("X-Vault-Token")));
  EXPECT_THAT(server.requests().at(1), ::testing::StartsWith("GET /v1/"));
}

TEST_F(CurlClientTest, NeverFollowsARedirectNorTakesTheTokenThere) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const ScriptedServer elsewhere({AnswerHttp(200, "{}")});
    const ScriptedServer server({AnswerHttp(
        status, "", "Location: " + elsewhere.url() + "/v1/secret\r\n")});
    const Secret token(std::string("s.1"));
    ClientRequest request;
    request.url = server.url() + "/v1/secret";
    request.secret_headers = {{"X-Vault-Token", &token}};
    const auto response = client_->Send(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(elsewhere.connections(), 0);
  }
}

TEST_F(CurlClientTest, TakesNoProxyFromTheEnvironment) {
  const ScriptedServer proxy({AnswerHttp(200, "{}")});
  const ScriptedServer server({AnswerHttp(204, "")});
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.url().c_str(), 1);
  }
  const auto response = Get(server);
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(CurlClientTest, DecodesNothingThatAServerCompressed) {
  const ScriptedServer server(
      {AnswerHttp(200, "\x1f\x8b zip", "Content-Encoding: gzip\r\n")});
  const auto response = Get(server);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "\x1f\x8b zip");
}

TEST_F(CurlClientTest, RefusesHeadersThatWouldEndTheirLine) {
  const ScriptedServer server({AnswerHttp(200, "")});
  for (const char* value : {"a\r\nB: c", "a\n", "\ta", "a\x7f"}) {
    const Secret token{std::string(value)};
    ClientRequest request;
    request.url = server.url() + "/";
    request.secret_headers = {{"X-Vault-Token", &token}};
    const auto response = client_->Send(request);
    EXPECT_EQ(CodeOf(response), "invalid_argument") << value;
    EXPECT_THAT(response.error().message, Not(HasSubstr("B: c")));
  }
  ClientRequest request;
  request.url = server.url() + "/";
  request.headers = {{"A: b\r\nC", "d"}};
  EXPECT_EQ(CodeOf(client_->Send(request)), "invalid_argument");
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlClientTest, RefusesOtherProtocolsAndUsersInUrls) {
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "",
                          "http://user:pass@127.0.0.1/"}) {
    ClientRequest request;
    request.url = url;
    EXPECT_FALSE(client_->Send(request)) << url;
  }
}

TEST_F(CurlClientTest, RefusesWhenNoTimeIsLeft) {
  const ScriptedServer server({AnswerHttp(200, "")});
  EXPECT_EQ(CodeOf(Get(server, milliseconds(0))), "deadline_exceeded");
  EXPECT_EQ(CodeOf(Get(server, milliseconds(-5))), "deadline_exceeded");
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlClientTest, SendsWhatIsNotRepeatableOverAFreshConnection) {
  Script stale = AnswerHttp(200, "");
  stale.push_back({Step::Kind::kReadRequest});  // and close without an answer
  const ScriptedServer server({stale, AnswerHttp(200, "")});
  ASSERT_TRUE(Get(server));
  ClientRequest request;
  request.url = server.url() + "/login";
  request.repeatable = false;
  ASSERT_TRUE(client_->Send(request));
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 2U) << "it was sent once";
}

TEST_F(CurlClientTest, ServesManyThreads) {
  const ScriptedServer server({AnswerHttp(200, "{}")});
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) answered += Get(server) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 160);
}

struct Fault {
  const char* name;
  Script script;
  const char* code;
  const char* message;  // part of it
};

class CurlClientFaultTest : public CurlClientTest,
                            public ::testing::WithParamInterface<Fault> {};

TEST_P(CurlClientFaultTest, EndsInAClearErrorWithinItsDeadline) {
  const ScriptedServer server({GetParam().script});
  const auto started = std::chrono::steady_clock::now();
  const auto response = Get(server, milliseconds(300));
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_FALSE(response);
  EXPECT_EQ(CodeOf(response), GetParam().code);
  EXPECT_THAT(response.error().message, HasSubstr(GetParam().message));
  EXPECT_THAT(response.error().message, Not(HasSubstr("version=3")));
  EXPECT_LT(took, std::chrono::seconds(3));
}

Script Endless(std::string head, std::string piece) {
  Script script = AnswerWith(std::move(head));
  script.push_back({Step::Kind::kSend, std::move(piece), 1'000'000});
  return script;
}

Script CutOff(Step::Kind end) {
  Script script =
      AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":");
  script.push_back({end});
  script.push_back({Step::Kind::kHang});
  return script;
}

INSTANTIATE_TEST_SUITE_P(
    Servers, CurlClientFaultTest,
    ::testing::Values(
        Fault{"ThatClose", {}, "unavailable", "broke before an answer"},
        Fault{"ThatCloseAfterTheRequest",
              {{Step::Kind::kReadRequest}},
              "unavailable",
              "broke before an answer"},
        Fault{"ThatHang", testing::Hang(), "deadline_exceeded",
              "no complete answer"},
        Fault{"ThatHangWithinTheBody", CutOff(Step::Kind::kHang),
              "deadline_exceeded", "no complete answer"},
        Fault{"ThatHalfCloseWithinTheBody", CutOff(Step::Kind::kShutdown),
              "unavailable", "broke within the answer"},
        Fault{"ThatResetWithinTheBody",
              {{Step::Kind::kReadRequest},
               {Step::Kind::kSend,
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"},
               {Step::Kind::kReset}},
              "unavailable",
              "broke within the answer"},
        Fault{"ThatDripTheHeader",
              {{Step::Kind::kReadRequest},
               {Step::Kind::kDrip, "HTTP/1.1 200 OK\r\nContent-Length: 2"}},
              "deadline_exceeded",
              "no complete answer"},
        Fault{"ThatDripTheBody",
              {{Step::Kind::kReadRequest},
               {Step::Kind::kSend,
                "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"},
               {Step::Kind::kDrip, std::string(2'000, '{')}},
              "deadline_exceeded",
              "no complete answer"},
        Fault{"ThatSpeakAnotherProtocol", AnswerWith("SSH-2.0-OpenSSH_9.2\r\n"),
              "malformed", "not HTTP"},
        Fault{"ThatSendGarbage",
              AnswerWith(std::string("\x00\xff\xfe garbage\r\n\r\n", 15)),
              "malformed", "not HTTP"},
        Fault{"ThatSendAMillionHeaders",
              Endless("HTTP/1.1 200 OK\r\n", "A: b\r\n"), "too_large",
              "too large"},
        Fault{"ThatSendAMillionInterimAnswers",
              Endless("", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"),
              "too_large", "too large"},
        Fault{"ThatSendAnEndlessHeaderLine",
              Endless("HTTP/1.1 200 OK\r\nA: ", "bbbbbbbbbb"), "too_large",
              "too large"}),
    [](const auto& fault) { return std::string(fault.param.name); });

TEST_F(CurlClientTest, FindsAnAbsentServerUnavailable) {
  std::string url;
  {
    const ScriptedServer server({Script{}});
    url = server.url();
  }
  ClientRequest request;
  request.url = url + "/v1/x";
  const auto response = client_->Send(request);
  EXPECT_EQ(CodeOf(response), "unavailable");
  EXPECT_THAT(response.error().message,
              HasSubstr("no connection to 127.0.0.1"));
}

// Each way of announcing, or not announcing, the length of a body.
class CurlClientBodyBoundTest
    : public CurlClientTest,
      public ::testing::WithParamInterface<const char*> {};

TEST_P(CurlClientBodyBoundTest, RefusesAHundredMegabytesInBoundedMemory) {
  const bool chunked =
      std::string_view(GetParam()).find("chunked") != std::string_view::npos;
  const std::string megabyte(size_t{1} << 20U, 'x');
  Script script = AnswerWith(std::string("HTTP/1.1 200 OK\r\n") + GetParam() +
                             "\r\n" + (chunked ? "6400000\r\n" : ""));
  script.push_back({Step::Kind::kSend, megabyte, 100});
  const ScriptedServer server({script});
  const PeakMemory memory;
  const auto response = Get(server);
  EXPECT_EQ(CodeOf(response), "too_large");
  EXPECT_LT(memory.GrowthMiB(), 40) << "the bound is 8 MiB, doubled when grown";
  EXPECT_LT(server.bytes_sent(), uint64_t{60} << 20U) << "it was cut off";
}

INSTANTIATE_TEST_SUITE_P(Lengths, CurlClientBodyBoundTest,
                         ::testing::Values("Content-Length: 104857600\r\n", "",
                                           "Transfer-Encoding: chunked\r\n"));

}  // namespace
}  // namespace claviger::http
