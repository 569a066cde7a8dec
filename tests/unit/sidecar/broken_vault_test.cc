// SPDX-License-Identifier: Apache-2.0
//
// A sidecar with credentials in use whose Vault begins to misbehave on the
// wire: real sockets, played time. Whatever comes back, what is held is served
// until its own end and not a moment longer, in bounded memory, and a clock
// that is set by a day changes nothing of that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "support/memory.h"
#include "support/scripted_server.h"
#include "unit/sidecar/harness.h"
#include "vault/http_api.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Shortens each call's deadline, so that silence costs little time.
class Hurried final : public vault::Api {
 public:
  explicit Hurried(vault::Api& next) : next_(next) {}
  Result<vault::Answer> Do(const vault::Call& call) override {
    vault::Call hurried = call;
    hurried.deadline = std::chrono::milliseconds(50);
    return next_.Do(hurried);
  }

 private:
  vault::Api& next_;
};

struct Fault {
  const char* name;
  Script script;
};

class BrokenVaultTest : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    h.vault.leases().AddDynamic("database/creds/sales.ro",
                                {hours(1), hours(24), true});
    h.vault.PutSecret("secret/sales/lake",
                      R"({"username":"u","password":"p"})");
    h.Publish(ObjectsOf(
        {Warehouse().WithDefault(DatabaseRole("database", "sales.ro")),
         Lake()}));
  }
  static AConnection Lake() {
    AConnection lake("sales/lake");
    lake.Disclosable()
        .Shared(model::SharingMode::kOrganization)
        .WithDefault(Kv2("secret", "sales/lake"));
    return lake;
  }
  std::string User(const char* connection) {
    const auto answer = h.Credential(connection);
    if (answer->status() != 200) return answer->Reason();
    return answer->Json()["data"]["username"];
  }
  void Break() { h.vault.AnswerBy(&broken_); }
  void Mend() { h.vault.AnswerBy(nullptr); }

  Harness h;
  const ScriptedServer server_{{GetParam().script}};
  const std::unique_ptr<http::Client> client_ = *http::MakeCurlClient({});
  const std::unique_ptr<vault::Api> plain_ =
      *vault::MakeHttpApi({.address = server_.url()}, *client_);
  Hurried broken_{*plain_};
};

TEST_P(BrokenVaultTest, WhatIsHeldIsServedUntilItsOwnEnd) {
  h.Begin();
  ASSERT_EQ(User("sales/warehouse"), "user-1");
  ASSERT_EQ(User("sales/lake"), "u");
  Break();
  const PeakMemory memory;
  for (int i = 0; i < 4; ++i) h.Advance(minutes(14));
  EXPECT_EQ(User("sales/warehouse"), "user-1");
  EXPECT_EQ(User("sales/lake"), "u");
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["stale"], true);
  h.Advance(minutes(4) + seconds(1));
  EXPECT_EQ(User("sales/warehouse"), "BackendUnavailable");
  EXPECT_EQ(User("sales/lake"), "u");  // has no end
  EXPECT_GT(server_.connections(), 0);
  EXPECT_LT(memory.GrowthMiB(), 40);

  Mend();
  for (int i = 0; i < 6; ++i) h.Advance(seconds(30));
  EXPECT_EQ(User("sales/warehouse"), "user-2");
  EXPECT_EQ(h.Credential("sales/lake")->Json()["stale"], false);
}

TEST_P(BrokenVaultTest, AClockSetByADayMovesNoEnd) {
  h.Begin();
  ASSERT_EQ(User("sales/warehouse"), "user-1");
  Break();
  for (const auto jump : {hours(24), -hours(48)}) {
    h.clock.SetTime(h.clock.Now() + jump);
    h.Advance(minutes(10));
    EXPECT_EQ(User("sales/warehouse"), "user-1");
  }
  h.Advance(minutes(40) + seconds(1));
  EXPECT_EQ(User("sales/warehouse"), "BackendUnavailable");
}

TEST_P(BrokenVaultTest, NothingIsGivenBeforeALogin) {
  Break();
  h.Begin();
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 503) << answer->body();
  Mend();
  for (int i = 0; i < 6; ++i) h.Advance(seconds(30));
  EXPECT_EQ(User("sales/warehouse"), "user-1");
}

Script After(const char* head, std::vector<Step> then) {
  Script script = AnswerWith(head);
  script.insert(script.end(), then.begin(), then.end());
  return script;
}

constexpr const char* kOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
constexpr const char* kCut =
    "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"data\":{\"da";

INSTANTIATE_TEST_SUITE_P(
    Wires, BrokenVaultTest,
    ::testing::Values(
        Fault{"Silent", Hang()}, Fault{"Closing", CloseAtOnce()},
        Fault{"Truncating", AnswerHttp(200, R"({"data":{"da)")},
        Fault{"HalfClosing", After(kCut, {{Step::Kind::kShutdown}})},
        Fault{"Resetting", After(kCut, {{Step::Kind::kReset}})},
        Fault{"Dripping",
              After("", {{Step::Kind::kDrip, std::string(kOk) + "\r\n{}"}})},
        Fault{"Endless",
              After(kOk, {{Step::Kind::kSend,
                           "\r\n" + std::string(64 << 10, ' '), 1'000'000}})},
        Fault{"SendingHeadersWithoutEnd",
              After(kOk, {{Step::Kind::kSend, "X-A: b\r\n", 1'000'000}})},
        Fault{"SendingAnotherType",
              AnswerHttp(200, "<html></html>", "Content-Type: text/html\r\n")},
        Fault{"SayingNull", AnswerHttp(200, "null")},
        Fault{"SayingNothing", AnswerHttp(204, "")},
        Fault{"AskingToWait",
              AnswerHttp(429, R"({"errors":[]})", "Retry-After: 20\r\n")},
        Fault{"Failing", AnswerHttp(502, "")}),
    [](const auto& fault) { return std::string(fault.param.name); });

}  // namespace
}  // namespace claviger::testing
