// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace claviger {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "claviger-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return directory_ + "/" + name;
  }

  std::string directory_;
};

TEST_F(FileTest, WritesWithTheModeAskedForAndReadsBack) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "hello", 0400).has_value());
  struct stat info {};
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0400U);
  EXPECT_EQ(ReadFile(Path("a"), 5).value_or("?"), "hello");
}

TEST_F(FileTest, ReplacesAnExistingFileAndLeavesNothingBeside) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old", 0600).has_value());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new", 0600).has_value());
  EXPECT_EQ(ReadFile(Path("a"), 100).value_or("?"), "new");
  int entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(directory_)) {
    ++entries;
  }
  EXPECT_EQ(entries, 1);
}

TEST_F(FileTest, RefusesAFileOverTheBound) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "123456", 0600).has_value());
  const auto read = ReadFile(Path("a"), 5);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kTooLarge);
}

TEST_F(FileTest, NamesWhatIsMissing) {
  const auto read = ReadFile(Path("absent"), 5);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_NE(read.error().message.find("absent"), std::string::npos);
}

TEST_F(FileTest, RefusesWhatIsNotARegularFileWithoutBlocking) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const auto pipe = ReadFile(Path("pipe"), 5);
  ASSERT_FALSE(pipe.has_value());
  EXPECT_EQ(pipe.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(ReadFile(directory_, 5).has_value());
}

TEST_F(FileTest, FailsWhereTheDirectoryIsMissing) {
  const Status written = WriteFileAtomically(Path("no/such"), "x", 0600);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace claviger
