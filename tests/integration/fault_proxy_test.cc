// SPDX-License-Identifier: Apache-2.0
#include "support/fault_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_call.h"
#include "support/scratch_directory.h"
#include "support/scripted_server.h"
#include "support/tls_server.h"

namespace claviger::testing {
namespace {

constexpr char kTwoEvents[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "8\r\n{\"n\":1}\n\r\n4\r\n{\"n\"\r\n4\r\n:2}\n\r\n0\r\n\r\n";

class FaultProxyTest : public ::testing::Test {
 protected:
  void Put(std::vector<Script> scripts) {
    server_.emplace(std::move(scripts));
    auto proxy = FaultProxy::Start({server_->port(), ""});
    ASSERT_TRUE(proxy) << proxy.error().message;
    proxy_ = *std::move(proxy);
  }

  Result<HttpAnswer> Get(const std::string& target) {
    HttpCall call;
    call.url = proxy_->url() + target;
    call.timeout = timeout_;
    return SendHttp(call);
  }

  std::chrono::milliseconds timeout_{10'000};
  std::optional<ScriptedServer> server_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, PassesCallAndAnswerOn) {
  Put({AnswerHttp(404, "not here", "X-Kind: a\r\n")});
  HttpCall call;
  call.method = "LIST";
  call.url = proxy_->url() + "/v1/some?a=b";
  call.headers = {{"X-Token", "t"}};
  call.body = "the body";
  const auto answer = SendHttp(call);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "not here");
  const std::string request = server_->requests().at(0);
  EXPECT_THAT(request, ::testing::StartsWith("LIST /v1/some?a=b HTTP/1.1\r\n"));
  EXPECT_THAT(request, ::testing::HasSubstr("X-Token: t\r\n"));
  EXPECT_THAT(request, ::testing::EndsWith("\r\n\r\nthe body"));
  EXPECT_EQ(proxy_->connections(), 1);
  EXPECT_EQ(proxy_->calls(), 1);
}

TEST_F(FaultProxyTest, RefusesAndListensAgainOnTheSamePort) {
  Put({AnswerHttp(200, "ok")});
  proxy_->SetMode(FaultProxy::Mode::kRefuse);
  EXPECT_FALSE(Get("/"));
  EXPECT_EQ(proxy_->connections(), 0);
  proxy_->SetMode(FaultProxy::Mode::kPass);
  EXPECT_TRUE(Get("/"));
}

TEST_F(FaultProxyTest, HangsUntilItPassesAgain) {
  Put({AnswerHttp(200, "ok")});
  proxy_->SetMode(FaultProxy::Mode::kHang);
  timeout_ = std::chrono::milliseconds(100);
  EXPECT_FALSE(Get("/"));
  EXPECT_TRUE(server_->requests().empty());
  proxy_->SetMode(FaultProxy::Mode::kPass);
  timeout_ = std::chrono::milliseconds(10'000);
  EXPECT_TRUE(Get("/"));
}

TEST_F(FaultProxyTest, BreaksAfterSoManyBytesOfAnAnswer) {
  Put({AnswerHttp(200, std::string(1000, 'x'))});
  proxy_->BreakAfter(500);
  EXPECT_FALSE(Get("/"));
  proxy_->BreakAfter(std::nullopt);
  EXPECT_TRUE(Get("/"));
}

TEST_F(FaultProxyTest, AHookDropsHangsOrAnswersInsteadOfTheServer) {
  Put({AnswerHttp(200, "ok")});
  CallVerdict verdict{CallVerdict::Kind::kDrop};
  proxy_->OnCall([&](const ProxiedCall&) { return verdict; });
  EXPECT_FALSE(Get("/"));
  verdict = {CallVerdict::Kind::kAnswer, {429, "busy", "Retry-After: 3\r\n"}};
  const auto busy = Get("/");
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->status, 429);
  verdict = {CallVerdict::Kind::kHang};
  timeout_ = std::chrono::milliseconds(100);
  EXPECT_FALSE(Get("/"));
  EXPECT_TRUE(server_->requests().empty());
  proxy_->Heal();
  timeout_ = std::chrono::milliseconds(10'000);
  EXPECT_TRUE(Get("/"));
}

TEST_F(FaultProxyTest, AHookChangesAnAnswerOnceTheServerGaveIt) {
  Put({AnswerHttp(200, "ok")});
  proxy_->OnAnswer([](const ProxiedCall& call, ProxiedAnswer& answer) {
    answer.body += " to " + call.method + " " + call.target;
  });
  const auto answer = Get("/here");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "ok to GET /here");
}

TEST_F(FaultProxyTest, AHookSeesAWatchLineByLine) {
  Put({AnswerWith(kTwoEvents)});
  proxy_->OnLine([](const ProxiedCall&, const std::string& line) {
    return StreamPiece{line + line};
  });
  const auto answer = Get("/grants?watch=true");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "{\"n\":1}\n{\"n\":1}\n{\"n\":2}\n{\"n\":2}\n");
}

TEST_F(FaultProxyTest, AHookEndsOrBreaksAWatch) {
  Put({AnswerWith(kTwoEvents)});
  StreamPiece::Then then = StreamPiece::Then::kEnd;
  proxy_->OnLine([&](const ProxiedCall&, const std::string& line) {
    return StreamPiece{line.substr(0, 3), then};
  });
  const auto answer = Get("/grants?watch=true");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "{\"n");
  then = StreamPiece::Then::kBreak;
  EXPECT_FALSE(Get("/grants?watch=true"));
}

TEST(FaultProxyTlsTest, EndsTlsWithAnAuthorityOfItsOwn) {
  const auto authority = CertificateAuthority::Create("server");
  ASSERT_TRUE(authority);
  const auto certificate = authority->IssueForLoopback();
  ASSERT_TRUE(certificate);
  const TlsServer server({certificate->certificate_pem, certificate->key_pem});
  const auto directory = ScratchDirectory::Create();
  ASSERT_TRUE(directory);
  const auto trust =
      directory->Write("server.pem", authority->certificate_pem());
  ASSERT_TRUE(trust);
  const auto proxy = FaultProxy::Start({server.port(), *trust});
  ASSERT_TRUE(proxy) << proxy.error().message;
  HttpCall call;
  call.url = (*proxy)->url() + "/";
  const auto own = directory->Write("proxy.pem", (*proxy)->ca_pem());
  ASSERT_TRUE(own);
  call.ca_file = *own;
  const auto answer = SendHttp(call);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(server.handshakes(), 1);
  call.ca_file = *trust;
  EXPECT_FALSE(SendHttp(call));
}

}  // namespace
}  // namespace claviger::testing
