// SPDX-License-Identifier: Apache-2.0
//
// claviger test against a scripted sidecar on a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "cli/exit_code.h"
#include "http/server.h"
#include "unit/cli/cli_world.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOk =
    R"({"connection":"sales/dw","slot":"default","outcome":"ok",)"
    R"("server":"dw.corp:5432","steps":[)"
    R"({"step":"credential","outcome":"ok","milliseconds":3},)"
    R"({"step":"login","outcome":"unproven","milliseconds":12,)"
    R"("note":"the protocol of mysql is not spoken here"}]})";
constexpr const char* kFailed =
    R"({"connection":"sales/dw","slot":"default","outcome":"failed",)"
    R"("step":"tls","reason":"UpstreamUntrusted","detail":"not trusted",)"
    R"("fix":"correct endpoint.tls","server":"dw.corp:5432","steps":[)"
    R"({"step":"credential","outcome":"ok","milliseconds":3},)"
    R"({"step":"tls","outcome":"failed","milliseconds":5}]})";
constexpr const char* kRefused =
    R"({"reason":"Forbidden","detail":"may see it","fix":"ask for a Grant"})";

class TestCommandTest : public CliTest {
 protected:
  TestCommandTest() : server_(http::MakeServer({}, log_)) {
    socket_ = directory() + "/s.sock";
    EXPECT_TRUE(
        server_->ListenUnix(socket_, 0600,
                            [this](http::ServerRequest request,
                                   std::shared_ptr<http::Responder> responder) {
                              http::ServerResponse response;
                              response.status = status_;
                              response.body = answer_;
                              requests_.push_back(std::move(request));
                              responder->Send(std::move(response));
                            }));
    thread_ = std::thread([this] { server_->Run(); });
  }
  ~TestCommandTest() override { Stop(); }

  // What was asked may be looked at once nobody serves any more.
  void Stop() {
    if (!thread_.joinable()) return;
    server_->Stop(std::chrono::milliseconds(0));
    thread_.join();
  }
  Ran Do(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "test");
    arguments.insert(arguments.end(), {"--socket", socket_, "sales/dw"});
    return Run(arguments);
  }

  int status_ = 200;
  std::string answer_ = kOk;
  std::string socket_;
  std::vector<http::ServerRequest> requests_;

 private:
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

TEST_F(TestCommandTest, ShowsEachStep) {
  const Ran ran = Do();
  EXPECT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("ok: sales/dw, slot default, at dw.corp"));
  EXPECT_THAT(ran.out, HasSubstr("credential  ok        3 ms"));
  EXPECT_THAT(ran.out, HasSubstr("unproven  12 ms  the protocol of mysql"));
  EXPECT_THAT(ran.err, IsEmpty());
  Stop();
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].method, "POST");
  EXPECT_EQ(requests_[0].target, "/v1/connections/sales/dw/test");
  EXPECT_THAT(requests_[0].body, IsEmpty());
}

TEST_F(TestCommandTest, SaysWhatFailedAndWhatToDo) {
  answer_ = kFailed;
  const Ran ran = Do({"--slot", "grant/finance"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.out, HasSubstr("failed: sales/dw"));
  EXPECT_THAT(ran.out, HasSubstr("tls         failed   5 ms"));
  EXPECT_THAT(ran.out, HasSubstr("UpstreamUntrusted"));
  EXPECT_THAT(ran.out, HasSubstr("correct endpoint.tls"));
  Stop();
  EXPECT_EQ(requests_[0].target,
            "/v1/connections/sales/dw/test?slot=grant/finance");
}

TEST_F(TestCommandTest, PrintsTheSidecarsAnswerAsJson) {
  answer_ = kFailed;
  const Ran ran = Do({"-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_EQ(nlohmann::json::parse(ran.out), nlohmann::json::parse(kFailed));
}

TEST_F(TestCommandTest, TellsARefusalFromAnOutage) {
  answer_ = kRefused;
  struct Case {
    int status;
    int code;
  };
  for (const Case& one : {Case{403, kExitNo}, Case{404, kExitNo},
                          Case{429, kExitError}, Case{503, kExitError}}) {
    status_ = one.status;
    const Ran ran = Do();
    EXPECT_EQ(ran.code, one.code) << one.status;
    EXPECT_THAT(ran.err, HasSubstr("Forbidden: may see it"));
    EXPECT_THAT(ran.err, HasSubstr("fix: ask for a Grant"));
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST_F(TestCommandTest, WhatAnswersMayBeNoSidecar) {
  answer_ = "<html>";
  EXPECT_EQ(Do().code, kExitError);
}

TEST_F(TestCommandTest, WithoutASidecarItIsAnError) {
  const Ran ran =
      Run({"test", "--socket", directory() + "/none.sock", "sales/dw"});
  EXPECT_EQ(ran.code, kExitError);
}

TEST_F(TestCommandTest, WrongNamesAreUsage) {
  EXPECT_EQ(Run({"test", "dw"}).code, kExitUsage);
  EXPECT_EQ(Run({"test"}).code, kExitUsage);
  EXPECT_EQ(Do({"--slot", "a b"}).code, kExitUsage);
  EXPECT_EQ(Do({"--slot", "x&y=z"}).code, kExitUsage);
}

}  // namespace
}  // namespace claviger::cli
