// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a login, a read and a deletion when what answers is not a
// healthy Vault: over real sockets, with short deadlines in place of long
// waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "support/memory.h"
#include "support/scripted_server.h"
#include "vault/auth.h"
#include "vault/http_api.h"
#include "vault/kv.h"
#include "vault/sys.h"

namespace claviger::vault {
namespace {

using testing::AnswerHttp;
using testing::AnswerWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PeakMemory;
using testing::Script;
using testing::ScriptedServer;
using testing::Step;

// Shortens each call's deadline, so that a hanging server costs no time.
class Hurried final : public Api {
 public:
  explicit Hurried(Api& next) : next_(next) {}
  Result<Answer> Do(const Call& call) override {
    Call hurried = call;
    hurried.deadline = std::chrono::milliseconds(200);
    return next_.Do(hurried);
  }

 private:
  Api& next_;
};

struct Fault {
  const char* name;
  Script script;
  const char* code;
};

class VaultFaultTest : public ::testing::TestWithParam<Fault> {
 protected:
  ScriptedServer server_{{GetParam().script}};
  std::unique_ptr<http::Client> client_ = *http::MakeCurlClient({});
  std::unique_ptr<Api> plain_ =
      *MakeHttpApi({.address = server_.url()}, *client_);
  Hurried api_{*plain_};
  Secret token_{std::string("canary-token")};
};

void ExpectError(const Error& error) {
  EXPECT_EQ(ToString(error.code), VaultFaultTest::GetParam().code)
      << error.message;
  EXPECT_THAT(error.message, Not(HasSubstr("canary")));
}

TEST_P(VaultFaultTest, EndsEveryKindOfCallInTheSameClearError) {
  const Secret jwt(std::string("canary-jwt"));
  const auto login = LoginWithJwt(api_, "kubernetes", "role", jwt);
  ASSERT_FALSE(login);
  ExpectError(login.error());
  const auto secret = ReadKv2(api_, token_, "secret", "a/b");
  ASSERT_FALSE(secret);
  ExpectError(secret.error());
  const auto written = WriteKv2(api_, token_, "secret", "a/b", "{}", 0);
  ASSERT_FALSE(written);
  ExpectError(written.error());
  const Status deleted = DeleteRole(api_, token_, "kubernetes", "role");
  ASSERT_FALSE(deleted) << "an access must not be taken for ended";
  ExpectError(deleted.error());
}

Script Cut(Step::Kind end) {
  Script script =
      AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"auth\":");
  script.push_back({end});
  return script;
}

INSTANTIATE_TEST_SUITE_P(
    Vaults, VaultFaultTest,
    ::testing::Values(
        Fault{"Hanging", testing::Hang(), "deadline_exceeded"},
        Fault{"Closing", Script{}, "unavailable"},
        Fault{"HalfClosing", Cut(Step::Kind::kShutdown), "unavailable"},
        Fault{"Resetting", Cut(Step::Kind::kReset), "unavailable"},
        Fault{"Sealed", AnswerHttp(503, R"({"errors":["Vault is sealed"]})"),
              "sealed"},
        Fault{"Failing", AnswerHttp(500, R"({"errors":["canary"]})"),
              "unavailable"},
        Fault{"Garbling", AnswerWith("\x01\x02\x03 canary\r\n\r\n"),
              "malformed"},
        Fault{"BehindAPortal", AnswerHttp(200, "<html>canary</html>"),
              "malformed"},
        Fault{"BehindABrokenProxy", AnswerHttp(404, "<html>canary</html>"),
              "malformed"},
        Fault{"SayingNoMoreThanABrace", AnswerHttp(200, "{\"data\":{"),
              "malformed"},
        Fault{"Redirecting",
              AnswerHttp(307, "", "Location: http://127.0.0.1:1/canary\r\n"),
              "redirected"}),
    [](const auto& fault) { return std::string(fault.param.name); });

class VaultTest : public ::testing::Test {
 protected:
  std::unique_ptr<Api> Connect(const ScriptedServer& server) {
    return *MakeHttpApi({.address = server.url()}, *client_);
  }

  std::unique_ptr<http::Client> client_ = *http::MakeCurlClient({});
  Secret token_{std::string("canary-token")};
};

TEST_F(VaultTest, KeepsTheTokenFromWhereARedirectPoints) {
  const ScriptedServer elsewhere({AnswerHttp(200, "{}")});
  const ScriptedServer server({AnswerHttp(
      307, "", "Location: " + elsewhere.url() + "/v1/secret/data/a\r\n")});
  const auto secret = ReadKv2(*Connect(server), token_, "secret", "a");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code, ErrorCode::kRedirected);
  EXPECT_EQ(elsewhere.connections(), 0);
  EXPECT_THAT(server.requests().at(0), HasSubstr("X-Vault-Token: canary"));
}

TEST_F(VaultTest, ReadsAHundredMegabytesInBoundedMemory) {
  Script script = AnswerWith("HTTP/1.1 200 OK\r\n\r\n{\"data\":\"");
  script.push_back(
      {Step::Kind::kSend, std::string(size_t{1} << 20U, 'x'), 100});
  const ScriptedServer server({script});
  const auto api = Connect(server);
  const PeakMemory memory;
  const auto secret = ReadKv2(*api, token_, "secret", "a");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code, ErrorCode::kTooLarge);
  EXPECT_LT(memory.GrowthMiB(), 40);
}

TEST_F(VaultTest, BoundsTheTreeOfABodyWithinTheByteBound) {
  // Six megabytes of brackets: within the bytes, far over depth and values.
  for (const char* piece : {"[", "0,"}) {
    std::string body = R"({"data":[)";
    while (body.size() < size_t{6} << 20U) body += piece;
    const ScriptedServer server({AnswerHttp(200, body + "]}")});
    const auto api = Connect(server);
    const PeakMemory memory;
    const auto secret = ReadKv2(*api, token_, "secret", "a");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::kTooLarge) << piece;
    EXPECT_LT(memory.GrowthMiB(), 100);
  }
}

TEST_F(VaultTest, RefusesAMillionHeaders) {
  Script script = AnswerWith("HTTP/1.1 200 OK\r\n");
  script.push_back({Step::Kind::kSend, "A: b\r\n", 1'000'000});
  const ScriptedServer server({script});
  const auto health = ReadHealth(*Connect(server));
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().code, ErrorCode::kTooLarge);
}

TEST_F(VaultTest, FindsAnAbsentVaultUnavailable) {
  std::string address;
  {
    const ScriptedServer server({Script{}});
    address = server.url();
  }
  const auto api = *MakeHttpApi({.address = address}, *client_);
  const auto health = ReadHealth(*api);
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(health.error().message,
              HasSubstr("read sys/health: no connection to 127.0.0.1"));
}

TEST_F(VaultTest, SaysThatAWriteInTheDarkMayHaveHappened) {
  const ScriptedServer server({testing::Hang()});
  const auto plain = Connect(server);
  Hurried api(*plain);
  const Status written = WriteRole(api, token_, "kubernetes", "r", "{}");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message,
              HasSubstr("whether it took effect is unknown"));
}

}  // namespace
}  // namespace claviger::vault
