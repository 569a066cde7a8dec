// SPDX-License-Identifier: Apache-2.0
//
// `claviger run` and `claviger helper` as they are used: the real program
// beside a real sidecar, git's own end of its protocol, and secrets nowhere but
// in the program that was started.
#include <gmock/gmock.h>

#include "integration/cli_bed.h"
#include "support/await.h"
#include "support/run.h"
#include "support/scripted_server.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGitConnection = R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: git, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://git.example/team"}
  owner: {kind: User, name: erin}
  sharing: {mode: Organization}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/shown}}
  serverSideOnly: false
  secretReaders: Users
)";

constexpr const char* kApi = R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: api, namespace: sales}
spec:
  provider: http
  owner: {kind: User, name: erin}
  sharing: {mode: Organization}
  credentials:
    type: token
    default: {vault: {engine: kv2, mount: secret, path: sales/hidden}}
  endpoint: {insecure: true, url: ")";

class LocalCommandsTest : public DevTest {
 protected:
  void SetUp() override {
    Write("git.yaml", kGitConnection);
    ASSERT_NO_FATAL_FAILURE(StartDev());
    ASSERT_TRUE(BecomesStatus("/sales/git/credential", 200));
  }
  std::string Socket() const { return ready_["sidecars"][0]["socket"]; }
  Ran Run(std::vector<std::string> argv,
          const std::vector<std::string>& environment = {}) {
    ProcessOptions options;
    options.argv = std::move(argv);
    options.environment = environment;
    options.environment.push_back("CLAVIGER_SOCKET=" + Socket());
    auto ran = RunToEnd(options);
    EXPECT_TRUE(ran) << ran.error().message;
    return ran ? *ran : Ran();
  }
};

TEST_F(LocalCommandsTest, RunGivesTheProgramWhatTheLocalApiSays) {
  const Ran ran =
      Run({CLAVIGER_BINARY, "run", "--env", "sales/shown", "--env",
           "sales/git:GIT_", "--", "sh", "-c",
           "echo $CLAVIGER_SALES__SHOWN_HOST/$CLAVIGER_SALES__SHOWN_DATABASE "
           "$CLAVIGER_SALES__SHOWN_USERNAME $GIT_PASSWORD $GIT_URL; exit 5"});
  EXPECT_EQ(ran.exit_code, 5) << ran.err;
  EXPECT_EQ(ran.out, "dw.example/dw u shown-1 https://git.example/team\n");
}

TEST_F(LocalCommandsTest, RunKeepsSecretsFromItsOwnProcess) {
  const Ran ran = Run(
      {CLAVIGER_BINARY, "run", "--env", "sales/shown:X_", "--", "sh", "-c",
       "cat /proc/$PPID/environ /proc/$PPID/cmdline 2>&1 | tr '\\0' '\\n'"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, Not(HasSubstr("shown-1")));
  EXPECT_THAT(ran.err, Not(HasSubstr("shown-1")));
}

TEST_F(LocalCommandsTest, RunRefusesWhatIsServerSideOnly) {
  const Ran ran = Run({CLAVIGER_BINARY, "run", "--env", "sales/hidden", "--",
                       "touch", File("ran")});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_THAT(ran.err, HasSubstr("sales/hidden: ServerSideOnly"));
  EXPECT_THAT(ran.err + ran.out, Not(HasSubstr(kCanary)));
  EXPECT_NE(access(File("ran").c_str(), F_OK), 0);
}

TEST_F(LocalCommandsTest, RunSaysWhatIsWrongWithItsOptions) {
  EXPECT_EQ(Run({CLAVIGER_BINARY, "run"}).exit_code, 2);
  EXPECT_EQ(
      Run({CLAVIGER_BINARY, "run", "--env", "shown", "--", "true"}).exit_code,
      2);
  const Ran ran = Run(
      {CLAVIGER_BINARY, "run", "--on-rotation", "signal=KILL", "--", "true"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("use nothing, restart or signal=NAME"));
}

TEST_F(LocalCommandsTest, RunEndsTheProgramWhenItsGrantGoes) {
  ProcessOptions options;
  options.argv = {CLAVIGER_BINARY,
                  "run",
                  "--env",
                  "sales/shown",
                  "--socket",
                  Socket(),
                  "--on-rotation",
                  "restart",
                  "--",
                  "sh",
                  "-c",
                  "echo up; exec sleep 600"};
  options.stdout_path = File("run-out");
  options.stderr_path = File("run-err");
  auto process = Process::Start(options);
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->WaitForLine("up", kWithin));
  ASSERT_TRUE(std::remove(File("grant.yaml").c_str()) == 0);
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(40)), 3);
  EXPECT_THAT(Read("run-err"), HasSubstr("NotVisible"));
}

TEST_F(LocalCommandsTest, TestSaysHowFarOneComes) {
  ScriptedServer server({AnswerHttp(200, "{}"), AnswerHttp(401, "{}")});
  Write("api.yaml", kApi + server.url() + "\"}\n");
  ASSERT_TRUE(BecomesStatus("/sales/api", 200));
  const Ran good = Run({CLAVIGER_BINARY, "test", "sales/api"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("ok: sales/api, slot default"));
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(server.requests()[0], HasSubstr(kCanary));
  const Ran refused = Run({CLAVIGER_BINARY, "test", "sales/api"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.out, HasSubstr("CredentialRefused"));
  const Ran nowhere =
      Run({CLAVIGER_BINARY, "test", "-o", "json", "sales/hidden"});
  EXPECT_EQ(nowhere.exit_code, 3);
  EXPECT_EQ(json::parse(nowhere.out)["step"], "name");
  const Ran none = Run({CLAVIGER_BINARY, "test", "sales/none"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("NotVisible"));
  for (const Ran& ran : {good, refused, nowhere, none}) {
    EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(kCanary)));
  }
}

TEST_F(LocalCommandsTest, GitItselfIsGivenThePassword) {
  const std::string helper = std::string("credential.helper=!") +
                             CLAVIGER_BINARY + " helper git sales/git";
  const auto fill = [&](const std::string& url) {
    Write("asked", "url=" + url + "\n\n");
    return Run({"sh", "-c",
                "git -c credential.helper= -c '" + helper +
                    "' credential fill < " + File("asked")},
               {"GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null",
                "GIT_CONFIG_NOSYSTEM=1", "GIT_ASKPASS="});
  };
  const Ran meant = fill("https://git.example/team/x.git");
  EXPECT_EQ(meant.exit_code, 0) << meant.err;
  EXPECT_THAT(meant.out, HasSubstr("username=u\npassword=shown-1\n"));
  const Ran other = fill("https://evil.example/team/x.git");
  EXPECT_NE(other.exit_code, 0);
  EXPECT_THAT(other.out + other.err, Not(HasSubstr("shown-1")));
}

TEST_F(LocalCommandsTest, DockersAnswersHaveItsWords) {
  Write("asked", "https://git.example\n");
  const auto ask = [&](const std::string& action) {
    return Run({"sh", "-c",
                std::string(CLAVIGER_BINARY) + " helper docker sales/git " +
                    action + " < " + File("asked")});
  };
  EXPECT_EQ(json::parse(ask("get").out)["Secret"], "shown-1");
  EXPECT_EQ(json::parse(ask("list").out)["https://git.example"], "u");
  EXPECT_EQ(ask("erase").exit_code, 0);
  EXPECT_EQ(ask("store").exit_code, 1);
  Write("asked", "https://other.example\n");
  const Ran none = ask("get");
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_EQ(none.out, "credentials not found in native keychain\n");
}

TEST_F(LocalCommandsTest, AwsRefusesWhatIsNoKey) {
  const Ran ran = Run({CLAVIGER_BINARY, "helper", "aws", "sales/shown"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("AWS takes aws-static"));
  EXPECT_EQ(ran.out, "");
}

}  // namespace
}  // namespace claviger::testing
