// SPDX-License-Identifier: Apache-2.0
//
// The whole sidecar with its sockets and threads, over a played Vault.
#include "sidecar/sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "base/file.h"
#include "support/await.h"
#include "support/scripted_server.h"
#include "unit/http/raw_client.h"
#include "unit/sidecar/harness.h"
#include "unit/sidecar/socket_client.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;

class SidecarTest : public ::testing::Test {
 protected:
  SidecarTest() {
    vault_.PutSecret("secret/sales/warehouse",
                     R"({"username":"app","password":"pw-1"})");
    model::Objects objects = ObjectsOf({Warehouse()});
    objects.service_accounts.push_back({"reports", "nightly"});
    vault_.Publish(std::move(objects), clock_.Now());
    settings_ = Harness::DefaultSettings();
    const std::string folder =
        ::testing::TempDir() + "sidecar-" + std::to_string(getpid());
    mkdir(folder.c_str(), 0700);
    settings_.socket.path = folder + "/s.sock";
    settings_.socket.mode = 0600;
    settings_.health = sidecar::HealthSettings{"127.0.0.1", 0};
    settings_.tcp = {0, folder + "/secret"};
    unlink(settings_.tcp.secret_file.c_str());
  }
  ~SidecarTest() override {
    if (thread_.joinable()) {
      sidecar_->Stop();
      thread_.join();
    }
  }

  void Run() {
    sidecar::Dependencies dependencies{vault_, clock_, random_, log_, [] {
                                         return Secret(std::string("jwt"));
                                       }};
    dependencies.decisions = &lines_;
    sidecar_ =
        std::make_unique<sidecar::Sidecar>(settings_, std::move(dependencies));
    const Status started = sidecar_->Start();
    ASSERT_TRUE(started) << started.error().message;
    thread_ = std::thread([this] { sidecar_->Run(); });
  }

  /// Answers once the first bindings have been read.
  SocketAnswer Get(const std::string& target, const std::string& headers = "") {
    while (true) {
      SocketAnswer answer =
          AskUnix(settings_.socket.path, "GET", target, headers);
      if (answer.body.find("\"Starting\"") == std::string::npos) return answer;
    }
  }

  SystemClock clock_;
  SystemRandom random_;
  KeptLog log_;
  KeptLines lines_;
  PlayedVault vault_{clock_};
  sidecar::Settings settings_;
  std::unique_ptr<sidecar::Sidecar> sidecar_;
  std::thread thread_;
};

TEST_F(SidecarTest, ServesACredentialOverTheUnixSocket) {
  Run();
  const SocketAnswer answer = Get("/v1/connections/sales/warehouse/credential");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("pw-1"));
  struct stat info {};
  ASSERT_EQ(stat(settings_.socket.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(SidecarTest, StopRevokesTheTokenAndEndsRun) {
  Run();
  Get("/v1/connections");
  EXPECT_EQ(vault_.live_tokens(), 1U);
  sidecar_->Stop();
  thread_.join();
  EXPECT_EQ(vault_.live_tokens(), 0U);
  EXPECT_EQ(AskUnix(settings_.socket.path, "GET", "/v1/connections").status, 0);
}

TEST_F(SidecarTest, StopEndsOpenEventStreams) {
  Run();
  Get("/v1/connections");
  OpenStream stream(settings_.socket.path, "/v1/watch");
  EXPECT_THAT(stream.ReadUntil("\n\n"), HasSubstr("200"));
  sidecar_->Stop();
  thread_.join();
}

TEST_F(SidecarTest, TcpWantsTheSecretFromItsFile) {
  Run();
  Get("/v1/connections");
  const uint16_t port = sidecar_->tcp_port().value();
  EXPECT_EQ(AskTcp(port, "GET", "/v1/connections").status, 401);
  struct stat info {};
  ASSERT_EQ(stat(settings_.tcp.secret_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0400U);
  const std::string secret = ReadFile(settings_.tcp.secret_file, 1'000).value();
  EXPECT_GE(secret.size(), 43U);
  EXPECT_EQ(AskTcp(port, "GET", "/v1/connections",
                   "X-Claviger-Request: true\r\nAuthorization: Bearer " +
                       secret + "\r\n")
                .status,
            200);
}

TEST_F(SidecarTest, HealthIsOnAPortOfItsOwn) {
  Run();
  Get("/v1/connections");
  const uint16_t port = sidecar_->health_port().value();
  EXPECT_EQ(AskTcp(port, "GET", "/healthz").status, 200);
  EXPECT_EQ(AskTcp(port, "GET", "/readyz").status, 200);
  EXPECT_THAT(AskTcp(port, "GET", "/metrics").body,
              HasSubstr("claviger_sidecar_connections 1"));
  EXPECT_EQ(AskTcp(port, "GET", "/v1/connections").status, 404);
  EXPECT_EQ(AskTcp(port, "POST", "/healthz").status, 405);
}

TEST_F(SidecarTest, UidsThatAreNotListedAreRefused) {
  settings_.socket.allowed_uids = {getuid() + 1};
  Run();
  const SocketAnswer answer = Get("/v1/connections");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("PeerNotAllowed"));
}

TEST_F(SidecarTest, StartRefusesNamesThatAreNone) {
  for (const char* bad : {"", "a/b", "..", "A", "a*"}) {
    sidecar::Settings settings = settings_;
    settings.identity.ns = bad;
    sidecar::Sidecar one(settings, {vault_, clock_, random_, log_,
                                    [] { return Secret(std::string("j")); }});
    EXPECT_EQ(one.Start().error().code, ErrorCode::kInvalidArgument) << bad;
  }
}

TEST_F(SidecarTest, SeveralRunInOneProcess) {
  Run();
  sidecar::Settings other = settings_;
  other.socket.path += "2";
  other.tcp.port.reset();
  other.health.reset();
  sidecar::Sidecar second(other, {vault_, clock_, random_, log_,
                                  [] { return Secret(std::string("jwt")); }});
  ASSERT_TRUE(second.Start());
  std::thread thread([&] { second.Run(); });
  EXPECT_EQ(Get("/v1/connections").status, 200);
  EXPECT_NE(AskUnix(other.socket.path, "GET", "/v1/connections").status, 0);
  second.Stop();
  thread.join();
}

class ProxyTest : public SidecarTest {
 protected:
  // sales/api is server-side-only, and its server is here.
  void RunWith(Script script) {
    server_ = std::make_unique<ScriptedServer>(
        std::vector<Script>{std::move(script)});
    vault_.PutSecret("secret/sales/api", R"({"token":"canary-5f3a-token"})");
    AConnection api("sales/api");
    api.Shared(model::SharingMode::kOrganization)
        .WithDefault(Kv2("secret", "sales/api"));
    model::Connection connection = api;
    connection.provider = "http";
    connection.credentials.type = "token";
    connection.endpoint = {};
    connection.endpoint.url = server_->url();
    connection.endpoint.insecure = true;
    model::Objects objects = ObjectsOf({connection});
    objects.service_accounts.push_back({"reports", "nightly"});
    vault_.Publish(std::move(objects), clock_.Now());
    const std::string folder =
        settings_.socket.path.substr(0, settings_.socket.path.rfind('/'));
    settings_.proxy.listeners = {
        {{"sales", "api"}, providers::Protocol::kHttp, 0}};
    settings_.proxy.directory = folder + "/connections";
    settings_.proxy.addresses.allowed = {
        *sidecar::proxy::ParseAddressRange("127.0.0.0/8")};
    Run();
    shown_ = Get("/v1/connections/sales/api").body;
  }
  std::string Socket() const {
    return settings_.proxy.directory + "/sales.api/http.sock";
  }
  uint16_t Port() const {
    return nlohmann::json::parse(shown_)["listeners"][0]["port"];
  }

  std::unique_ptr<ScriptedServer> server_;
  std::string shown_;
};

TEST_F(ProxyTest, SendsRequestsOnWithTheCredentialAndNeverShowsIt) {
  RunWith(AnswerHttp(200, "the data"));
  const SocketAnswer answer = AskUnix(Socket(), "GET", "/items?q=secret-query");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("the data"));
  EXPECT_THAT(server_->requests().at(0),
              HasSubstr("Authorization: Bearer canary-5f3a-token"));
  EXPECT_EQ(Get("/v1/connections/sales/api/credential").status, 403);
  EXPECT_THAT(shown_, HasSubstr(Socket()));
  const std::string metrics =
      AskTcp(sidecar_->health_port().value(), "GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("claviger_sidecar_proxied_requests_total{"
                                 "status=\"2xx\"} 1"));
  sidecar_->Stop();
  thread_.join();
  std::string decisions;
  for (const std::string& line : lines_.lines) decisions += line + "\n";
  EXPECT_THAT(decisions, HasSubstr("\"sales/api\""));
  EXPECT_THAT(decisions, HasSubstr("\"GET\""));
  for (const std::string& said :
       {answer.body, shown_, metrics, decisions, log_.text()}) {
    EXPECT_THAT(said, ::testing::Not(HasSubstr("canary-5f3a-token")));
    EXPECT_THAT(said, ::testing::Not(HasSubstr("secret-query")));
  }
}

TEST_F(ProxyTest, ItsPortAsksForTheSecretOfTheLocalApisPort) {
  RunWith(AnswerHttp(200, "the data"));
  EXPECT_EQ(AskTcp(Port(), "GET", "/items").status, 401);
  const std::string bearer =
      "Authorization: Bearer " +
      ReadFile(settings_.tcp.secret_file, 1'000).value() + "\r\n";
  EXPECT_EQ(AskTcp(Port(), "GET", "/items", bearer).status, 200);
  const uint16_t api = sidecar_->tcp_port().value();
  EXPECT_EQ(AskTcp(api, "GET", "/v1/connections",
                   "X-Claviger-Request: true\r\n" + bearer)
                .status,
            200);
}

TEST_F(ProxyTest, ItsPortHasASecretWhereTheLocalApiHasNoPort) {
  settings_.tcp.port.reset();
  settings_.tcp.mode = 0440;
  RunWith(AnswerHttp(200, "the data"));
  EXPECT_FALSE(sidecar_->tcp_port());
  struct stat info {};
  ASSERT_EQ(stat(settings_.tcp.secret_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0440U);
  EXPECT_EQ(
      AskTcp(Port(), "GET", "/items",
             "Authorization: Bearer " +
                 ReadFile(settings_.tcp.secret_file, 1'000).value() + "\r\n")
          .status,
      200);
}

TEST_F(ProxyTest, SendsRequestsOfTheLocalApiOnAndTakesItsOwnBack) {
  RunWith(AnswerHttp(200, "the data"));
  const std::string base = "/v1/connections/sales/api";
  const std::string get = "GET " + base;
  const std::string end = " HTTP/1.1\r\nHost: l\r\n\r\n";
  http::testing::RawClient client =
      http::testing::RawClient::ToUnix(settings_.socket.path);
  for (int round = 0; round < 3; ++round) {
    client.Send(get + "/http/items?a=1" + end);
    auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "the data");
    client.Send(get + end);
    response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, HasSubstr("\"sales/api\""));
  }
  // Both kinds in one piece.
  client.Send(get + end + get + "/http" + end + get + "/credential" + end);
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_EQ(client.Read()->body, "the data");
  EXPECT_EQ(client.Read()->status, 403);
  EXPECT_THAT(server_->requests().at(0), HasSubstr("GET /items?a=1 HTTP/1.1"));
  EXPECT_THAT(server_->requests().at(3), HasSubstr("GET / HTTP/1.1"));
  EXPECT_THAT(server_->requests().at(0),
              HasSubstr("Authorization: Bearer canary-5f3a-token"));
}

TEST_F(ProxyTest, StreamsThroughTheLocalApiWhatItWouldNotTakeItself) {
  const std::string large(1'000'000, 'x');
  RunWith(AnswerHttp(200, large));
  http::testing::RawClient client =
      http::testing::RawClient::ToUnix(settings_.socket.path);
  client.Send(
      "POST /v1/connections/sales/api/http/items HTTP/1.1\r\nHost: l\r\n"
      "Content-Length: 1000000\r\n\r\n" +
      large);
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, large);
  EXPECT_THAT(server_->requests().at(0), ::testing::EndsWith(large));
}

TEST_F(ProxyTest, RefusesInTheLocalApiWhatItsOtherRoutesRefuse) {
  RunWith(AnswerHttp(200, "the data"));
  for (const char* path : {"sales/other/http/x", "Sales/api/http/x",
                           "sales/..%2fapi/http/x", "sales/other/http"}) {
    EXPECT_EQ(Get(std::string("/v1/connections/") + path).status, 404) << path;
  }
  const std::string route = "/v1/connections/sales/api/http/x";
  EXPECT_EQ(Get(route, "Origin: http://e\r\n").status, 403);
  EXPECT_EQ(Get(route, "X-Claviger-User-Token: t\r\n").status, 501);
  EXPECT_EQ(
      Get(route, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n").status,
      400);
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(ProxyTest, RefusesOtherUidsInTheLocalApi) {
  settings_.socket.allowed_uids = {getuid() + 1};
  RunWith(AnswerHttp(200, "the data"));
  const SocketAnswer answer = Get("/v1/connections/sales/api/http/x");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("PeerNotAllowed"));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(ProxyTest, LosesNoneOfAThousandRequestsWhenItStops) {
  constexpr size_t kRequests = 1'000;
  RunWith({{Step::Kind::kReadRequest},
           {Step::Kind::kDrip, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"},
           {Step::Kind::kSend, "\r\nslow"}});
  std::vector<http::testing::RawClient> clients;
  for (size_t i = 0; i < kRequests; ++i) {
    // Some of them by the local API, no more than it serves at once.
    const bool api = i % 10 == 0;
    clients.push_back(http::testing::RawClient::ToUnix(
        api ? settings_.socket.path : Socket()));
    ASSERT_TRUE(clients.back().Send(
        (api ? "GET /v1/connections/sales/api/http/x" : "GET /x") +
        std::string(" HTTP/1.1\r\nHost: l\r\n\r\n")));
  }
  ASSERT_TRUE(Await([this] { return server_->requests().size() == kRequests; },
                    std::chrono::seconds(60)));
  sidecar_->Stop();
  size_t answered = 0;
  for (auto& client : clients) {
    const auto response = client.Read();
    if (response && response->body == "slow") ++answered;
  }
  EXPECT_EQ(answered, kRequests);
  thread_.join();
}

TEST_F(ProxyTest, FinishesWhatTheLocalApiSentOnWhenItStops) {
  const Script slow = {
      {Step::Kind::kReadRequest},
      {Step::Kind::kDrip, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"}};
  RunWith(slow);
  std::thread client([this] {
    EXPECT_THAT(Get("/v1/connections/sales/api/http/").body, HasSubstr("slow"));
  });
  while (server_->requests().empty()) std::this_thread::yield();
  sidecar_->Stop();
  thread_.join();
  client.join();
}

TEST_F(ProxyTest, FinishesWhatIsUnderWayWhenItStops) {
  const Script slow = {
      {Step::Kind::kReadRequest},
      {Step::Kind::kDrip, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"}};
  RunWith(slow);
  std::thread client([this] {
    EXPECT_THAT(AskUnix(Socket(), "GET", "/").body, HasSubstr("slow"));
  });
  while (server_->requests().empty()) std::this_thread::yield();
  sidecar_->Stop();
  thread_.join();
  client.join();
}

}  // namespace
}  // namespace claviger::testing
