// SPDX-License-Identifier: Apache-2.0
//
// claviger credential against a scripted sidecar on a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "cli/exit_code.h"
#include "http/server.h"
#include "unit/cli/cli_world.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConnection = R"({"type":"password"})";
constexpr const char* kStored =
    R"({"connection":"sales/dw","stored":true,"counts":true,"type":"password",)"
    R"("fingerprint":"9f86d081884c7d65","storedAt":"2026-11-23T10:00:00Z",)"
    R"("version":3,"tag":"3-9f86d081884c7d65"})";

class Input final : public SecretInput {
 public:
  bool IsTerminal() const override { return terminal; }
  Result<Secret> Ask(const std::string& prompt) override {
    prompts.push_back(prompt);
    if (lines.empty()) return Fail(ErrorCode::kUnavailable, "ended");
    std::string line = lines.front();
    lines.pop_front();
    return Secret(std::move(line));
  }
  Result<Secret> ReadAll(size_t max_bytes) override {
    if (piped.size() > max_bytes) return Fail(ErrorCode::kTooLarge, "long");
    return Secret(std::string(piped));
  }

  bool terminal = true;
  std::deque<std::string> lines;
  std::vector<std::string> prompts;
  std::string piped;
};

class CredentialCommandTest : public CliTest {
 protected:
  CredentialCommandTest() : server_(http::MakeServer({}, log_)) {
    input_ = &typed_;
    socket_ = directory() + "/s.sock";
    EXPECT_TRUE(server_->ListenUnix(
        socket_, 0600,
        [this](http::ServerRequest request,
               std::shared_ptr<http::Responder> responder) {
          http::ServerResponse response;
          const bool personal = request.target.ends_with("/personal");
          response.status = personal ? status_ : 200;
          response.body = personal ? answer_ : kConnection;
          requests_.push_back(std::move(request));
          responder->Send(std::move(response));
        }));
    thread_ = std::thread([this] { server_->Run(); });
  }
  ~CredentialCommandTest() override { Stop(); }

  // What was asked may be looked at once nobody serves any more.
  void Stop() {
    if (!thread_.joinable()) return;
    server_->Stop(std::chrono::milliseconds(0));
    thread_.join();
  }
  Ran Do(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "credential");
    arguments.insert(arguments.end(), {"--socket", socket_, "sales/dw"});
    return Run(arguments);
  }
  const http::ServerRequest& Last() {
    Stop();
    return requests_.back();
  }

  Input typed_;
  int status_ = 200;
  std::string answer_ = kStored;
  std::string socket_;

 private:
  std::unique_ptr<http::Server> server_;
  std::vector<http::ServerRequest> requests_;
  std::thread thread_;
};

TEST_F(CredentialCommandTest, SetAsksForEachKeyAndStoresWhatWasTyped) {
  typed_.lines = {"nina", "canary-1"};
  const Ran ran = Do({"set"});
  EXPECT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_EQ(typed_.prompts,
            (std::vector<std::string>{"username: ", "password: "}));
  EXPECT_THAT(ran.out, HasSubstr("9f86d081884c7d65"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("canary-1")));
  EXPECT_EQ(Last().method, "PUT");
  EXPECT_EQ(Last().target, "/v1/connections/sales/dw/personal");
  EXPECT_EQ(Last().body, R"({"password":"canary-1","username":"nina"})");
  EXPECT_FALSE(http::FindHeader(Last().headers, "If-Match"));
}

TEST_F(CredentialCommandTest, SetTakesFilesWithoutTheirLineEnd) {
  Write("user", "nina\n");
  Write("password", "canary-1\r\n");
  const Ran ran =
      Do({"set", "--from-file", "username=" + directory() + "/user",
          "--from-file", "password=" + directory() + "/password", "--new"});
  EXPECT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_TRUE(typed_.prompts.empty());
  EXPECT_EQ(Last().body, R"({"password":"canary-1","username":"nina"})");
  EXPECT_EQ(http::FindHeader(Last().headers, "If-None-Match"), "*");
}

TEST_F(CredentialCommandTest, SetReadsWhatIsPipedIn) {
  typed_.terminal = false;
  typed_.piped = R"({"username":"nina","password":"canary-1"})";
  EXPECT_EQ(Do({"set", "--if-tag", "3-9f86"}).code, kExitYes);
  EXPECT_EQ(Last().body, typed_.piped);
  EXPECT_EQ(http::FindHeader(Last().headers, "If-Match"), "\"3-9f86\"");
}

TEST_F(CredentialCommandTest, SetRefusesKeysThatTheTypeHasNot) {
  const Ran ran = Do({"set", "--from-file", "passwort=/dev/null"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("passwort"));
  EXPECT_EQ(Do({"set", "--new", "--if-tag", "2-9f"}).code, kExitUsage);
  EXPECT_EQ(Do({"set", "--if-tag", "\"2-9f\""}).code, kExitUsage);
  EXPECT_EQ(Last().method, "GET");
}

TEST_F(CredentialCommandTest, ALostRaceIsANo) {
  typed_.lines = {"nina", "canary-1"};
  status_ = 412;
  answer_ = R"({"reason":"VersionMoved","detail":"another","fix":"look"})";
  const Ran ran = Do({"set"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.err, HasSubstr("VersionMoved: another"));
  EXPECT_THAT(ran.err, HasSubstr("fix: look"));
}

TEST_F(CredentialCommandTest, ShowTellsWhetherItCounts) {
  EXPECT_EQ(Do({"show"}).code, kExitYes);
  EXPECT_EQ(Do({"show", "-o", "json"}).Json()["version"], 3);
  answer_ = R"({"connection":"sales/dw","stored":false})";
  EXPECT_EQ(Do({"show"}).code, kExitNo);
  answer_ = R"({"connection":"sales/dw","stored":true,"counts":false,)"
            R"("detail":"EndpointChanged","version":3})";
  const Ran changed = Do({"show"});
  EXPECT_EQ(changed.code, kExitNo);
  EXPECT_THAT(changed.out, HasSubstr("EndpointChanged"));
}

TEST_F(CredentialCommandTest, RemoveAsksForJustThat) {
  answer_ = R"({"connection":"sales/dw","stored":false})";
  EXPECT_EQ(Do({"remove"}).code, kExitYes);
  EXPECT_EQ(Last().method, "DELETE");
  EXPECT_FALSE(http::FindHeader(Last().headers, "If-Match"));
}

TEST_F(CredentialCommandTest, RemovesOnlyWhatTheTagIsOf) {
  EXPECT_THAT(Do({"show"}).out, HasSubstr("3-9f86d081884c7d65"));
  Do({"remove", "--if-tag", "3-9f86d081884c7d65"});
  EXPECT_EQ(Last().method, "DELETE");
  EXPECT_EQ(http::FindHeader(Last().headers, "If-Match"),
            "\"3-9f86d081884c7d65\"");
}

TEST_F(CredentialCommandTest, WithoutASidecarItIsAnError) {
  Stop();
  const Ran ran = Do({"show"});
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr(socket_));
  EXPECT_EQ(Run({"credential", "show", "nonsense"}).code, kExitUsage);
}

}  // namespace
}  // namespace claviger::cli
