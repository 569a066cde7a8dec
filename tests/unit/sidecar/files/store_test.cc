// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/scratch_directory.h"

namespace claviger::sidecar::files {
namespace {

namespace fs = std::filesystem;
using providers::FileFormat;
using providers::FileWish;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchDirectory;
using ::testing::UnorderedElementsAre;

const FileWish kPgpass{{"sales", "dw"}, FileFormat::kPgpass};
const FileWish kEnv{{"sales", "dw"}, FileFormat::kEnv};
const FileWish kBinding{{"sales", "dw"}, FileFormat::kServiceBinding};

bool Yes(int) { return true; }

Contents Of(std::initializer_list<std::pair<const char*, const char*>> files) {
  Contents contents;
  for (const auto& [name, text] : files) {
    contents.emplace(name, Secret(std::string(text)));
  }
  return contents;
}

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> Make(unsigned mode = 0400) {
    return MakeVolumeStore({files_, bindings_, mode}, Yes);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777U;
  }
  static std::vector<std::string> In(const std::string& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  ScratchDirectory folder_ = *ScratchDirectory::Create();
  const std::string files_ = folder_.File("files");
  const std::string bindings_ = folder_.File("bindings");
  const std::string pgpass_ = files_ + "/sales.dw/pgpass";
  const std::string binding_ = bindings_ + "/sales.dw";
};

TEST_F(StoreTest, WritesForItsOwnUidAndReplacesInOneStep) {
  const auto store = Make();
  ASSERT_TRUE(store->Open({kPgpass}));
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  EXPECT_EQ(ModeOf(pgpass_), 0400U);
  EXPECT_EQ(ModeOf(files_ + "/sales.dw"), 0700U);
  // Who has the old file open keeps it whole: it is not written into.
  const int held = open(pgpass_.c_str(), O_RDONLY);
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "other"}})));
  char old[8] = {};
  EXPECT_EQ(read(held, old, sizeof(old)), 3);
  close(held);
  EXPECT_EQ(Read(pgpass_), "other");
  EXPECT_THAT(In(files_ + "/sales.dw"), ElementsAre("pgpass"));
}

TEST_F(StoreTest, LetsTheGroupReadOnRequest) {
  const auto store = Make(0440);
  ASSERT_TRUE(store->Open({kEnv, kPgpass, kBinding}));
  ASSERT_TRUE(store->Write(kEnv, Of({{"env", "one"}})));
  ASSERT_TRUE(store->Write(kBinding, Of({{"type", "x"}})));
  EXPECT_EQ(ModeOf(files_ + "/sales.dw/env"), 0440U);
  EXPECT_EQ(ModeOf(files_ + "/sales.dw"), 0750U);
  EXPECT_EQ(ModeOf(binding_ + "/..a/type"), 0440U);
  EXPECT_EQ(ModeOf(binding_ + "/..a"), 0750U);
  // libpq passes over a password file that a group may read.
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  EXPECT_EQ(ModeOf(pgpass_), 0400U);
}

TEST_F(StoreTest, KeepsTheGroupThatTheVolumeGives) {
  ASSERT_EQ(chmod(folder_.path().c_str(), 02777), 0);
  const auto store = Make(0440);
  ASSERT_TRUE(store->Open({kPgpass}));
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  EXPECT_EQ(ModeOf(files_ + "/sales.dw"), 02750U);
}

TEST_F(StoreTest, RefusesAVolumeThatIsNotMemory) {
  const auto store =
      MakeVolumeStore({files_, bindings_, 0400}, [](int) { return false; });
  const auto opened = store->Open({kPgpass});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message, HasSubstr("memory volume"));
  EXPECT_FALSE(fs::exists(files_));
}

TEST(IsInMemoryTest, KnowsTmpfsFromOthers) {
  const int memory = open("/dev/shm", O_RDONLY | O_DIRECTORY);
  const int other = open("/proc", O_RDONLY | O_DIRECTORY);
  EXPECT_TRUE(memory < 0 || IsInMemory(memory));
  EXPECT_FALSE(IsInMemory(other));
  EXPECT_FALSE(IsInMemory(-1));
  close(memory);
  close(other);
}

TEST_F(StoreTest, TouchesNoDirectoryThatIsNotItsOwn) {
  ASSERT_TRUE(fs::create_directory(files_));
  std::ofstream(files_ + "/precious") << "x";
  auto opened = Make()->Open({kPgpass});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("not claviger's"));
  EXPECT_TRUE(fs::exists(files_ + "/precious"));
  fs::remove(files_ + "/precious");
  ASSERT_EQ(chmod(files_.c_str(), 0777), 0);
  opened = Make()->Open({kPgpass});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("others may write"));
}

TEST_F(StoreTest, FollowsNoLinkThatStandsForADirectory) {
  ASSERT_TRUE(fs::create_directory(folder_.File("elsewhere")));
  fs::create_symlink(folder_.File("elsewhere"), files_);
  EXPECT_FALSE(Make()->Open({kPgpass}));
  fs::remove(files_);
  const auto store = Make();
  ASSERT_TRUE(store->Open({kPgpass}));
  fs::create_symlink(folder_.File("elsewhere"), files_ + "/sales.dw");
  EXPECT_FALSE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  EXPECT_THAT(In(folder_.File("elsewhere")), IsEmpty());
}

TEST_F(StoreTest, ReplacesALinkInsteadOfWritingThroughIt) {
  const auto store = Make();
  ASSERT_TRUE(store->Open({kPgpass}));
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  fs::remove(pgpass_);
  std::ofstream(folder_.File("target")) << "theirs";
  fs::create_symlink(folder_.File("target"), pgpass_);
  fs::create_symlink(folder_.File("target"),
                     files_ + "/sales.dw/.claviger-unfinished-pgpass");
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "two"}})));
  EXPECT_EQ(Read(folder_.File("target")), "theirs");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(pgpass_)));
  EXPECT_EQ(Read(pgpass_), "two");
}

TEST_F(StoreTest, RemovesTheFileAndItsEmptyDirectory) {
  const auto store = Make();
  ASSERT_TRUE(store->Open({kEnv, kPgpass}));
  ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
  ASSERT_TRUE(store->Write(kEnv, Of({{"env", "A=1"}})));
  ASSERT_TRUE(store->Remove(kPgpass));
  EXPECT_THAT(In(files_ + "/sales.dw"), ElementsAre("env"));
  ASSERT_TRUE(store->Remove(kEnv));
  EXPECT_THAT(In(files_), IsEmpty());
  EXPECT_TRUE(store->Remove(kEnv));
}

TEST_F(StoreTest, SwapsABindingsFilesAllAtOnce) {
  const auto store = Make();
  ASSERT_TRUE(store->Open({kBinding}));
  ASSERT_TRUE(store->Write(
      kBinding, Of({{"type", "x"}, {"username", "a"}, {"uri", "u"}})));
  EXPECT_THAT(In(binding_),
              UnorderedElementsAre("..a", "..data", "type", "username", "uri"));
  EXPECT_EQ(Read(binding_ + "/username"), "a");
  // Who reads by the present set sees all of it or all of the next.
  const int set = open((binding_ + "/..data").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(store->Write(
      kBinding, Of({{"type", "x"}, {"username", "b"}, {"password", "p"}})));
  EXPECT_THAT(In(binding_), UnorderedElementsAre("..b", "..data", "type",
                                                 "username", "password"));
  EXPECT_EQ(Read(binding_ + "/username"), "b");
  EXPECT_EQ(Read(binding_ + "/password"), "p");
  EXPECT_LT(openat(set, "password", O_RDONLY), 0);
  close(set);
  ASSERT_TRUE(store->Remove(kBinding));
  EXPECT_THAT(In(bindings_), IsEmpty());
  EXPECT_TRUE(store->Remove(kBinding));
}

TEST_F(StoreTest, ClearsWhatAKilledProcessLeft) {
  {
    const auto store = Make();
    ASSERT_TRUE(store->Open({kEnv, kPgpass, kBinding}));
    ASSERT_TRUE(store->Write(kPgpass, Of({{"pgpass", "one"}})));
    ASSERT_TRUE(store->Write(kEnv, Of({{"env", "A=1"}})));
    ASSERT_TRUE(store->Write(kBinding, Of({{"type", "x"}})));
  }
  std::ofstream(files_ + "/sales.dw/.claviger-unfinished-pgpass") << "half";
  fs::create_directories(files_ + "/sales.gone/deep");
  std::ofstream(files_ + "/sales.gone/deep/env") << "old";
  fs::create_directory(binding_ + "/..b");
  std::ofstream(binding_ + "/..b/type") << "half";
  fs::create_symlink("..b", binding_ + "/.claviger-unfinished-..data");
  fs::create_directory(bindings_ + "/.claviger-unfinished-sales.x");

  const auto present = Make()->Open({kPgpass, kBinding});
  ASSERT_TRUE(present) << present.error().message;
  EXPECT_THAT(*present, ElementsAre(kPgpass, kBinding));
  EXPECT_THAT(In(files_), ElementsAre("sales.dw"));
  EXPECT_THAT(In(files_ + "/sales.dw"), ElementsAre("pgpass"));
  EXPECT_THAT(In(bindings_), ElementsAre("sales.dw"));
  EXPECT_THAT(In(binding_), UnorderedElementsAre("..a", "..data", "type"));
}

}  // namespace
}  // namespace claviger::sidecar::files
