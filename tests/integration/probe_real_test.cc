// SPDX-License-Identifier: Apache-2.0
//
// Tests of connections with everything real: Vault, PostgreSQL over TLS, and
// the sidecar's program, asked over its socket. Which step fails is said, and
// no secret, in no answer and no log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "integration/sidecar_bed.h"
#include "support/await.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "support/scripted_server.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "canary-4f1b-password";
constexpr const char* kTest = "/v1/connections/sales/warehouse/test";

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ProbeRealTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    auto postgres = RealPostgres::Start();
    CLAVIGER_NEED_SERVER(postgres);
    postgres_ = *std::move(postgres);
    ASSERT_TRUE(postgres_->Query(
        std::string("CREATE ROLE app WITH LOGIN PASSWORD '") + kCanary + "';"));
    PutPassword(kCanary);
  }

  void TearDown() override {
    if (sidecar_) sidecar_->Stop();
    EXPECT_THAT(Slurp(Log()) + Slurp(Log() + ".out"), Not(HasSubstr("canary")));
  }

  void PutPassword(const std::string& password) {
    bed_->PutSecret("sales/warehouse",
                    json{{"username", "app"}, {"password", password}}.dump());
  }

  // The real server, server-side only, but for what `edit` does.
  void Share(const std::function<void(model::Connection&)>& edit = {}) {
    AConnection connection("sales/warehouse");
    connection.OnProvider("postgresql", "password")
        .WithDefault(Kv2("secret", "sales/warehouse"));
    model::Connection made = connection;
    made.endpoint = {};
    made.endpoint.host = postgres_->host();
    made.endpoint.port = postgres_->port();
    made.endpoint.database = "postgres";
    made.endpoint.tls.ca_bundle = Slurp(postgres_->ca_path());
    if (edit) edit(made);
    model::Objects objects;
    objects.connections = {made};
    objects.grants = {AGrant("sales/n", "warehouse")
                          .Allowing({model::Privilege::kUse})
                          .To(Account("reports/nightly"))};
    objects.service_accounts = {{"reports", "nightly"}};
    bed_->Reconcile(std::move(objects));
  }

  std::string Log() const { return bed_->Folder() + "/sidecar.log"; }

  void StartSidecar() {
    const std::string path = bed_->WriteConfig({"reports", "nightly"});
    json config = json::parse(Slurp(path));
    config["proxy"] = {{"allowAddresses", {"127.0.0.1"}}};
    socket_ = config["socket"]["path"];
    ASSERT_TRUE(WriteFileAtomically(path, config.dump(), 0600));
    ProcessOptions options;
    options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", path};
    options.stderr_path = Log();
    options.stdout_path = Log() + ".out";
    auto started = Process::Start(options);
    ASSERT_TRUE(started) << started.error().message;
    sidecar_.emplace(*std::move(started));
    ASSERT_TRUE(sidecar_->WaitForLine("serving", seconds(20)));
    SidecarBed::GetUntil(
        socket_, "/v1/connections/sales/warehouse",
        [](const auto& answer) { return answer.status == 200; });
  }

  json Ask() {
    const SocketAnswer answer = AskUnix(socket_, "POST", kTest);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr("canary")));
    return json::parse(answer.body, nullptr, false);
  }
  json AskOnce(const std::function<void(model::Connection&)>& edit) {
    Share(edit);
    StartSidecar();
    return Ask();
  }

  std::unique_ptr<SidecarBed> bed_;
  std::unique_ptr<RealPostgres> postgres_;
  std::optional<Process> sidecar_;
  std::string socket_;
};

TEST_F(ProbeRealTest, LogsInAndOutAgain) {
  const json body = AskOnce({});
  EXPECT_EQ(body["outcome"], "ok") << body;
  ASSERT_EQ(body["steps"].size(), 6U);
  for (const json& step : body["steps"]) EXPECT_EQ(step["outcome"], "ok");
  EXPECT_TRUE(Await(
      [&] {
        return postgres_->Query(
                   "SELECT count(*) FROM pg_stat_activity WHERE usename = "
                   "'app';") == "0\n";
      },
      seconds(10)));
  EXPECT_THAT(Slurp(Log() + ".out"), HasSubstr("\"kind\":\"test\""));
}

TEST_F(ProbeRealTest, TellsAWrongPassword) {
  PutPassword("canary-other");
  const json body = AskOnce({});
  EXPECT_EQ(body["step"], "login") << body;
  EXPECT_EQ(body["reason"], "CredentialRefused");
  EXPECT_THAT(body["detail"], HasSubstr("28P01"));
}

TEST_F(ProbeRealTest, TellsAWrongDatabase) {
  const json body =
      AskOnce([](auto& connection) { connection.endpoint.database = "none"; });
  EXPECT_EQ(body["step"], "login") << body;
  EXPECT_EQ(body["reason"], "UpstreamRefused");
  EXPECT_THAT(body["detail"], HasSubstr("no such database as none"));
}

TEST_F(ProbeRealTest, TellsACertificateOfAnotherName) {
  const json body = AskOnce([](auto& connection) {
    connection.endpoint.tls.server_name = "other.corp";
  });
  EXPECT_EQ(body["step"], "tls") << body;
  EXPECT_EQ(body["reason"], "UpstreamUntrusted");
}

TEST_F(ProbeRealTest, TellsAPortAtWhichNobodyListens) {
  uint16_t port = 0;
  {
    ScriptedServer gone({CloseAtOnce()});
    port = gone.port();
  }
  const json body =
      AskOnce([port](auto& connection) { connection.endpoint.port = port; });
  EXPECT_EQ(body["step"], "connect") << body;
  EXPECT_EQ(body["reason"], "UpstreamUnavailable");
}

TEST_F(ProbeRealTest, TellsAnAddressThatIsRefused) {
  const json body = AskOnce(
      [](auto& connection) { connection.endpoint.host = "169.254.169.254"; });
  EXPECT_EQ(body["step"], "address") << body;
  EXPECT_EQ(body["reason"], "AddressRefused");
}

TEST_F(ProbeRealTest, AsksAnHttpServer) {
  ScriptedServer server({AnswerHttp(401, kCanary), AnswerHttp(200, kCanary)});
  const json body = AskOnce([&](auto& connection) {
    connection.provider = "http";
    connection.endpoint = {};
    connection.endpoint.url = server.url();
    connection.endpoint.insecure = true;
  });
  EXPECT_EQ(body["step"], "login") << body;
  EXPECT_EQ(body["reason"], "CredentialRefused");
  EXPECT_EQ(Ask()["outcome"], "ok");
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Basic "));
}

}  // namespace
}  // namespace claviger::testing
