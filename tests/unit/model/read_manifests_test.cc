// SPDX-License-Identifier: Apache-2.0
//
// Reading a directory of manifests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "model_testing.h"

namespace claviger::model {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadManifestsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "claviger.XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    dir_ = root_ / "manifests";
    fs::create_directory(dir_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const fs::path& path, const std::string& text) {
    fs::create_directories((dir_ / path).parent_path());
    std::ofstream(dir_ / path) << text;
  }

  static std::string Group(const std::string& name) {
    return "apiVersion: claviger.io/v1alpha1\nkind: Group\nmetadata: {name: " +
           name + "}\nspec: {members: [{kind: User, name: u}]}\n";
  }

  std::vector<std::string> GroupNames() {
    objects_ = ReadManifests(dir_.string()).value();
    std::vector<std::string> names;
    for (const auto& group : objects_.groups) {
      names.push_back(group.metadata.name);
    }
    return names;
  }

  // Problem lines without the directory in front.
  std::vector<std::string> ProblemLines() const {
    std::vector<std::string> lines;
    for (const std::string& line : Lines(objects_.problems)) {
      lines.push_back(line.substr(dir_.string().size() + 1));
    }
    return lines;
  }

  fs::path root_;
  fs::path dir_;
  Objects objects_;
};

TEST_F(ReadManifestsTest, ReadsEveryManifestBelowInTheOrderOfNames) {
  Write("b.yml", Group("two"));
  Write("a.yaml", Group("one"));
  Write("sub/deep/c.json",
        R"({"apiVersion":"claviger.io/v1alpha1","kind":"Group",
            "metadata":{"name":"three"},"spec":{"members":[],
            "claim":{"name":"a","value":"b"}}})");
  Write("README.md", "not a manifest");
  Write(".hidden.yaml", Group("hidden"));
  Write(".git/x.yaml", Group("git"));
  EXPECT_THAT(GroupNames(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(ProblemLines(), IsEmpty());
  EXPECT_TRUE(objects_.complete);
  EXPECT_EQ(objects_.groups[0].metadata.location.file,
            (dir_ / "a.yaml").string());
}

TEST_F(ReadManifestsTest, ReadsASingleFileOfAnyName) {
  Write("conf.d", Group("one"));
  const Result<Objects> objects = ReadManifests((dir_ / "conf.d").string());
  ASSERT_TRUE(objects.has_value());
  EXPECT_EQ(objects->groups.size(), 1U);
}

TEST_F(ReadManifestsTest, FailsWhereThePathItselfCannotBeRead) {
  const Result<Objects> objects = ReadManifests((dir_ / "nothing").string());
  ASSERT_FALSE(objects.has_value());
  EXPECT_EQ(objects.error().code, ErrorCode::kNotFound);
}

TEST_F(ReadManifestsTest, AnEmptyDirectoryIsCompleteAndEmpty) {
  EXPECT_THAT(GroupNames(), IsEmpty());
  EXPECT_TRUE(objects_.complete);
}

TEST_F(ReadManifestsTest, DropsTheLaterOfTwoObjectsOfOneName) {
  Write("a.yaml", Group("one"));
  Write("b.yaml", Group("one"));
  EXPECT_THAT(GroupNames(), ElementsAre("one"));
  EXPECT_THAT(ProblemLines(),
              ElementsAre("b.yaml:3: metadata.name: there is already one of "
                          "this name; remove one of them, or choose another "
                          "name"));
  EXPECT_TRUE(objects_.complete);
}

TEST_F(ReadManifestsTest, FollowsLinksThatStayInsideOnly) {
  std::ofstream(root_ / "outside.yaml") << Group("outside");
  Write("..data/real.yaml", Group("mounted"));
  fs::create_symlink("..data/real.yaml", dir_ / "real.yaml");
  fs::create_symlink(root_ / "outside.yaml", dir_ / "stolen.yaml");
  fs::create_directory_symlink(root_, dir_ / "up");
  fs::create_symlink("nowhere", dir_ / "dangling.yaml");
  EXPECT_THAT(GroupNames(), ElementsAre("mounted"));
  EXPECT_TRUE(objects_.complete);
}

TEST_F(ReadManifestsTest, AFileThatCannotBeReadMakesTheSourceIncomplete) {
  Write("a.yaml", Group("one"));
  Write("large.yaml", std::string((size_t{1} << 20U) + 1, '#'));
  ASSERT_EQ(mkfifo((dir_ / "pipe.yaml").c_str(), 0600), 0);
  EXPECT_THAT(GroupNames(), ElementsAre("one"));
  EXPECT_FALSE(objects_.complete);
  ASSERT_EQ(objects_.problems.size(), 2U);
  EXPECT_EQ(ProblemLines()[0], "large.yaml: larger than 1 MiB; split the file");
  EXPECT_THAT(ProblemLines()[1], ::testing::StartsWith("pipe.yaml: cannot be"));
}

TEST_F(ReadManifestsTest, ReadsAtMostTenThousandFiles) {
  Write("0.yaml", "");
  for (int i = 1; i < 10'001; ++i) {
    fs::create_hard_link(dir_ / "0.yaml", dir_ / (std::to_string(i) + ".yaml"));
  }
  GroupNames();
  EXPECT_FALSE(objects_.complete);
  ASSERT_EQ(objects_.problems.size(), 1U);
  EXPECT_EQ(objects_.problems[0].what, "more than 10000 manifest files");
}

TEST_F(ReadManifestsTest, WarnsAcrossFiles) {
  Write("a.yaml", R"(apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: s}
spec: {connection: dw, subjects: [{kind: Group, name: one}]}
)");
  Write("b.yaml", Group("one"));
  GroupNames();
  EXPECT_THAT(ProblemLines(),
              ElementsAre("a.yaml:4: spec.connection: no Connection \"s/dw\" "
                          "was read; check the name, or add it"));
  EXPECT_EQ(objects_.problems[0].severity, Problem::Severity::kWarning);
}

}  // namespace
}  // namespace claviger::model
