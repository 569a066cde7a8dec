// SPDX-License-Identifier: Apache-2.0
//
// Lines on their way to a real file or pipe.
#include "sidecar/decisions/line_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using sidecar::MakeLineSink;

class LineSinkTest : public ::testing::Test {
 protected:
  LineSinkTest()
      : folder_(::testing::TempDir() + "lines-" + std::to_string(getpid())) {
    mkdir(folder_.c_str(), 0700);
  }
  ~LineSinkTest() override { std::filesystem::remove_all(folder_); }
  sidecar::DecisionSettings SettingsTo(const std::string& path) const {
    sidecar::DecisionSettings settings;
    settings.to = path;
    settings.max_bytes = 4'096;
    return settings;
  }
  const std::string folder_;
  KeptLog log_;
};

TEST_F(LineSinkTest, WritesWholeLinesInOrderToAPrivateFile) {
  const std::string path = folder_ + "/decisions";
  {
    auto sink = MakeLineSink(SettingsTo(path), log_);
    ASSERT_TRUE(sink) << sink.error().message;
    EXPECT_TRUE((*sink)->Put("{\"a\":1}"));
    EXPECT_TRUE((*sink)->Put("{\"b\":2}"));
  }
  EXPECT_EQ(*ReadFile(path, 100), "{\"a\":1}\n{\"b\":2}\n");
  struct stat state {};
  ASSERT_EQ(stat(path.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0600U);
}

TEST_F(LineSinkTest, KeepsOneFullFileBesideThePresentOne) {
  const std::string path = folder_ + "/decisions";
  for (char c = 'a'; c < 'f'; ++c) {
    auto sink = MakeLineSink(SettingsTo(path), log_);
    ASSERT_TRUE(sink);
    (*sink)->Put(std::string(3'000, c));
  }
  EXPECT_EQ(*ReadFile(path, 9'000), std::string(3'000, 'e') + "\n");
  EXPECT_EQ(*ReadFile(path + ".1", 9'000), std::string(3'000, 'd') + "\n");
}

TEST_F(LineSinkTest, FollowsNoLink) {
  const std::string path = folder_ + "/link";
  ASSERT_EQ(symlink((folder_ + "/target").c_str(), path.c_str()), 0);
  const auto sink = MakeLineSink(SettingsTo(path), log_);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ErrorCode::kUnavailable);
}

// Nobody reads the pipe that standard output is for the time of the test.
TEST_F(LineSinkTest, AnOutputThatTakesNothingHoldsNobodyUp) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int before = dup(STDOUT_FILENO);
  ASSERT_GE(dup2(ends[1], STDOUT_FILENO), 0);
  int refused = 0;
  {
    auto sink = MakeLineSink({}, log_);
    const std::string line(1'000, 'x');
    for (int i = 0; i < 2'000; ++i) refused += (*sink)->Put(line) ? 0 : 1;
  }
  dup2(before, STDOUT_FILENO);
  for (const int fd : {before, ends[0], ends[1]}) close(fd);
  EXPECT_GT(refused, 1'000);
}

TEST_F(LineSinkTest, OffIsNoSinkAtAll) {
  EXPECT_EQ(*MakeLineSink(SettingsTo("off"), log_), nullptr);
}

}  // namespace
}  // namespace claviger::testing
