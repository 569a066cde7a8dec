// SPDX-License-Identifier: Apache-2.0
//
// Real programs under a Program in a process of its own, whose signals and
// children are then nobody else's.
#include "cli/local/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "support/await.h"
#include "support/scratch_directory.h"

namespace claviger::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Variables Of(const char* password) {
  Variables variables;
  variables.emplace("DB_PASSWORD", Secret(std::string(password)));
  return variables;
}

class ProgramTest : public ::testing::Test {
 protected:
  ~ProgramTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  std::string File(const char* name) const { return folder_.File(name); }
  std::string Text(const char* name) const {
    std::ifstream file(File(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool Appears(const char* name, const std::string& text) const {
    return testing::Await(
        [&] { return Text(name).find(text) != std::string::npos; },
        seconds(20));
  }
  void Shell(const std::string& script) {
    settings_.argv = {"sh", "-c", script};
  }
  // `generation` grows with each line that a test appends to the file.
  std::string Generation() const { return Text("generation"); }

  void Start(Program::Read read = [] { return Of("one"); }) {
    settings_.inherited = {"PATH=/usr/bin:/bin", "DB_PASSWORD=before",
                           "DIR=" + folder_.path(), "KEPT=yes"};
    settings_.look = milliseconds(20);
    pid_ = fork();
    ASSERT_GE(pid_, 0);
    if (pid_ > 0) return;
    std::ofstream err(File("err"));
    _exit(Program(settings_, std::move(read), err).Run());
  }
  int Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int Run(Program::Read read = [] { return Of("one"); }) {
    Start(std::move(read));
    return Wait();
  }
  // What the file "secret" holds, as a sidecar's credential that changes.
  Program::Read FromFile() {
    return [this]() -> Result<Variables> {
      const std::string text = Text("secret");
      if (text == "refused") {
        return Fail(ErrorCode::kPermissionDenied, "NotVisible: gone");
      }
      if (text == "away") return Fail(ErrorCode::kUnavailable, "away");
      return Of(text.c_str());
    };
  }
  void SetSecret(const char* text) {
    ASSERT_TRUE(folder_.Write("secret.new", text));
    ASSERT_EQ(rename(File("secret.new").c_str(), File("secret").c_str()), 0);
  }

  testing::ScratchDirectory folder_ = *testing::ScratchDirectory::Create();
  ProgramSettings settings_;
  pid_t pid_ = 0;
};

TEST_F(ProgramTest, GivesTheProgramItsVariablesAndKeepsNone) {
  Shell(
      "test $DB_PASSWORD = one && test $KEPT = yes && "
      "! tr '\\0' '\\n' < /proc/$PPID/environ | grep -q =one && exit 7");
  EXPECT_EQ(Run(), 7);
}

TEST_F(ProgramTest, EndsAsTheProgramDoes) {
  Shell("exit 0");
  EXPECT_EQ(Run(), 0);
  Shell("kill -9 $$");
  EXPECT_EQ(Run(), 128 + 9);
  settings_.argv = {"no-such-program-here"};
  EXPECT_EQ(Run(), 127);
  EXPECT_THAT(Text("err"), HasSubstr("start no-such-program-here: No such"));
  settings_.argv = {"/etc/passwd"};
  EXPECT_EQ(Run(), 126);
}

TEST_F(ProgramTest, StartsNothingThatWasRefused) {
  Shell("touch $DIR/ran");
  EXPECT_EQ(Run([]() -> Result<Variables> {
              return Fail(ErrorCode::kPermissionDenied, "ServerSideOnly: x");
            }),
            3);
  EXPECT_THAT(Text("err"), HasSubstr("claviger: ServerSideOnly: x"));
  EXPECT_NE(access(File("ran").c_str(), F_OK), 0);
}

TEST_F(ProgramTest, WaitsForASidecarThatIsNotThereYetAndNotForever) {
  int calls = 0;
  const auto read = [&calls]() -> Result<Variables> {
    if (++calls < 2) return Fail(ErrorCode::kUnavailable, "away");
    return Of("one");
  };
  Shell("exit 5");
  EXPECT_EQ(Run(read), 5);
  settings_.patience = milliseconds(1);
  EXPECT_EQ(Run([]() -> Result<Variables> {
              return Fail(ErrorCode::kUnavailable, "away");
            }),
            1);
}

TEST_F(ProgramTest, EndsWhileItWaitsWhenAskedTo) {
  Shell("exit 5");
  Start([this]() -> Result<Variables> {
    std::ofstream(File("waits")) << "yes";
    return Fail(ErrorCode::kUnavailable, "away");
  });
  ASSERT_TRUE(Appears("waits", "yes"));
  kill(pid_, SIGTERM);
  EXPECT_EQ(Wait(), 128 + SIGTERM);
}

TEST_F(ProgramTest, PassesSignalsOn) {
  Shell(
      "trap 'echo hup >> $DIR/log' HUP; trap 'exit 9' TERM; "
      "echo up >> $DIR/log; while :; do sleep 0.05; done");
  Start();
  ASSERT_TRUE(Appears("log", "up"));
  kill(pid_, SIGHUP);
  ASSERT_TRUE(Appears("log", "hup"));
  kill(pid_, SIGTERM);
  EXPECT_EQ(Wait(), 9);
}

TEST_F(ProgramTest, TheProgramMeetsNoBlockedSignals) {
  Shell(
      "grep -q '^SigBlk:.*0000000000000000$' /proc/self/status && "
      "grep -q '^SigIgn:.*[02468ace]...$' /proc/self/status && exit 4");
  // As main.cc does; its bit is the fourth digit's lowest.
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(Run(), 4);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(ProgramTest, CollectsChildrenThatLostTheirParent) {
  Shell(
      "(sh -c 'exit 0' & sh -c 'exit 0' &); sleep 0.5; "
      "exit $(grep -ls \"^PPid:[[:space:]]*$PPID\\$\" /proc/[0-9]*/status | "
      "xargs grep -hs '^State:.*Z' | wc -l)");
  EXPECT_EQ(Run(), 0);
}

TEST_F(ProgramTest, RestartsWithTheNewOne) {
  settings_.on_rotation = OnRotation::kRestart;
  SetSecret("one");
  Shell(
      "echo $DB_PASSWORD >> $DIR/log; test $DB_PASSWORD = two && exit 6; "
      "exec sleep 60");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "one\n"));
  SetSecret("away");  // an outage is no rotation
  SetSecret("two");
  EXPECT_EQ(Wait(), 6);
  EXPECT_EQ(Text("log"), "one\ntwo\n");
}

TEST_F(ProgramTest, KillsWhatDoesNotEndForItsRestart) {
  settings_.on_rotation = OnRotation::kRestart;
  settings_.grace = milliseconds(50);
  SetSecret("one");
  Shell(
      "test $DB_PASSWORD = two && exit 6; trap '' TERM; "
      "echo up >> $DIR/log; while :; do sleep 0.05; done");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "up"));
  SetSecret("two");
  EXPECT_EQ(Wait(), 6);
}

TEST_F(ProgramTest, AnEndThatWasAskedForIsNoRestart) {
  settings_.on_rotation = OnRotation::kRestart;
  SetSecret("one");
  Shell(
      "trap 'echo term >> $DIR/log' TERM; echo up >> $DIR/log; "
      "while ! test -e $DIR/go; do sleep 0.05; done; exit 8");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "up"));
  SetSecret("two");
  ASSERT_TRUE(Appears("log", "term"));
  kill(pid_, SIGTERM);
  ASSERT_TRUE(Appears("log", "term\nterm"));
  ASSERT_TRUE(folder_.Write("go", ""));
  EXPECT_EQ(Wait(), 8);
}

TEST_F(ProgramTest, TellsByASignal) {
  settings_.on_rotation = OnRotation::kSignal;
  settings_.signal = *ParseSignal("SIGUSR1");
  SetSecret("one");
  Shell(
      "trap 'echo $DB_PASSWORD-usr1 >> $DIR/log; exit 2' USR1; "
      "echo up >> $DIR/log; while :; do sleep 0.05; done");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "up"));
  SetSecret("two");
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(Text("log"), HasSubstr("one-usr1"));
}

TEST_F(ProgramTest, EndsForGoodWhenTheAccessIsTakenAway) {
  settings_.on_rotation = OnRotation::kRestart;
  SetSecret("one");
  Shell("echo up >> $DIR/log; exec sleep 60");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "up"));
  SetSecret("refused");
  EXPECT_EQ(Wait(), 3);
  EXPECT_THAT(Text("err"), HasSubstr("NotVisible: gone; ending the program"));
}

TEST_F(ProgramTest, OnlySaysSoWhereSignalsWereAskedFor) {
  settings_.on_rotation = OnRotation::kSignal;
  SetSecret("one");
  Shell("echo up >> $DIR/log; while ! test -e $DIR/go; do sleep 0.05; done");
  Start(FromFile());
  ASSERT_TRUE(Appears("log", "up"));
  SetSecret("refused");
  ASSERT_TRUE(Appears("err", "keeps what it was given"));
  ASSERT_TRUE(folder_.Write("go", ""));
  EXPECT_EQ(Wait(), 0);
}

}  // namespace
}  // namespace claviger::cli
