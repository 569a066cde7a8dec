// SPDX-License-Identifier: Apache-2.0
#include "operator/manifest_source.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace claviger::op {
namespace {

namespace fs = std::filesystem;

constexpr char kGroup[] = R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec: {members: []}
)";

class ManifestSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "claviger-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    source_.emplace(directory_.string());
  }
  void TearDown() override { fs::remove_all(directory_); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  /// A change shows at the second look.
  bool Changed() {
    if (source_->Changed()) ADD_FAILURE() << "unsettled change reported";
    return source_->Changed();
  }

  fs::path directory_;
  std::optional<ManifestSource> source_;
};

TEST_F(ManifestSourceTest, HasChangedBeforeTheFirstRead) {
  EXPECT_TRUE(source_->Changed());
}

TEST_F(ManifestSourceTest, ReadsTheObjects) {
  Write("a/group.yaml", kGroup);
  const auto objects = source_->Read();
  ASSERT_TRUE(objects);
  EXPECT_TRUE(objects->rest.complete);
  ASSERT_EQ(objects->groups.size(), 1u);
  EXPECT_FALSE(source_->Changed());
  EXPECT_FALSE(source_->Changed());
}

TEST_F(ManifestSourceTest, TornFileMakesTheReadIncomplete) {
  Write("group.yaml", std::string(kGroup) + "---\n{[");
  const auto objects = source_->Read();
  ASSERT_TRUE(objects);
  EXPECT_FALSE(objects->rest.complete);
}

TEST_F(ManifestSourceTest, NoticesNewChangedAndRemovedFiles) {
  Write("group.yaml", kGroup);
  ASSERT_TRUE(source_->Read());
  Write("sub/other.yaml", "kind: Other\n");
  EXPECT_TRUE(Changed());
  ASSERT_TRUE(source_->Read());
  Write("group.yaml", std::string(kGroup) + "# more\n");
  EXPECT_TRUE(Changed());
  ASSERT_TRUE(source_->Read());
  fs::remove(directory_ / "group.yaml");
  EXPECT_TRUE(Changed());
}

TEST_F(ManifestSourceTest, NoticesAFileReplacedByOneOfTheSameSize) {
  Write("group.yaml", kGroup);
  const auto time = fs::last_write_time(directory_ / "group.yaml");
  ASSERT_TRUE(source_->Read());
  Write("new", kGroup);
  fs::rename(directory_ / "new", directory_ / "group.yaml");
  fs::last_write_time(directory_ / "group.yaml", time);
  EXPECT_TRUE(Changed());
}

TEST_F(ManifestSourceTest, NoticesASwappedLink) {
  Write("..data/x", "");
  Write("one/group.yaml", kGroup);
  Write("two/group.yaml", kGroup);
  fs::create_symlink(directory_ / "one/group.yaml", directory_ / "g.yaml");
  ASSERT_TRUE(source_->Read());
  fs::remove(directory_ / "g.yaml");
  fs::create_symlink(directory_ / "two/group.yaml", directory_ / "g.yaml");
  EXPECT_TRUE(Changed());
}

TEST_F(ManifestSourceTest, WaitsUntilFilesStopChanging) {
  Write("group.yaml", kGroup);
  ASSERT_TRUE(source_->Read());
  for (int i = 0; i < 5; ++i) {
    Write("f" + std::to_string(i) + ".yaml", "kind: Other\n");
    EXPECT_FALSE(source_->Changed());
  }
  EXPECT_TRUE(source_->Changed());
}

TEST_F(ManifestSourceTest, DoesNotWaitForEver) {
  Write("group.yaml", kGroup);
  ASSERT_TRUE(source_->Read());
  int looks = 0;
  bool changed = false;
  while (!changed && looks < 50) {
    Write("f" + std::to_string(looks++) + ".yaml", "kind: Other\n");
    changed = source_->Changed();
  }
  EXPECT_TRUE(changed);
  EXPECT_LE(looks, 10);
}

TEST_F(ManifestSourceTest, ChangeThatIsTakenBackIsNone) {
  Write("group.yaml", kGroup);
  ASSERT_TRUE(source_->Read());
  Write(".hidden", "x");
  EXPECT_FALSE(source_->Changed());
  EXPECT_FALSE(source_->Changed());
}

TEST_F(ManifestSourceTest, MissingDirectoryIsAnError) {
  ManifestSource missing((directory_ / "nowhere").string());
  EXPECT_TRUE(missing.Changed());
  const auto objects = missing.Read();
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code, ErrorCode::kNotFound);
}

TEST_F(ManifestSourceTest, ReadsASingleFile) {
  Write("group.yaml", kGroup);
  ManifestSource single((directory_ / "group.yaml").string());
  const auto objects = single.Read();
  ASSERT_TRUE(objects);
  EXPECT_EQ(objects->groups.size(), 1u);
  EXPECT_FALSE(single.Changed());
}

}  // namespace
}  // namespace claviger::op
