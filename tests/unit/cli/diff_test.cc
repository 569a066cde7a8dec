// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// "-b", "+c", " a": a line as a diff shows it.
std::vector<std::string> Shown(const std::vector<DiffLine>& lines) {
  std::vector<std::string> shown;
  for (const DiffLine& line : lines) {
    const char* mark = line.kind == DiffLine::Kind::kSame      ? " "
                       : line.kind == DiffLine::Kind::kRemoved ? "-"
                                                               : "+";
    shown.push_back(mark + line.text);
  }
  return shown;
}

TEST(DiffTest, EqualTextsHaveOnlySameLines) {
  EXPECT_THAT(Shown(DiffLines("a\nb\n", "a\nb")), ElementsAre(" a", " b"));
}

TEST(DiffTest, AChangeKeepsWhatIsAroundIt) {
  EXPECT_THAT(Shown(DiffLines("a\nb\nc\n", "a\nx\nc\n")),
              ElementsAre(" a", "-b", "+x", " c"));
}

TEST(DiffTest, FromNothingEverythingIsAdded) {
  EXPECT_THAT(Shown(DiffLines("", "a\nb\n")), ElementsAre("+a", "+b"));
  EXPECT_THAT(Shown(DiffLines("a\nb\n", "")), ElementsAre("-a", "-b"));
  EXPECT_THAT(DiffLines("", ""), IsEmpty());
}

TEST(DiffTest, FindsWhatMovedBetweenCommonLines) {
  EXPECT_THAT(Shown(DiffLines("a\nb\nc\nd", "b\nc\nx\nd")),
              ElementsAre("-a", " b", " c", "+x", " d"));
}

TEST(DiffTest, RepeatedLinesAtBothEndsAreNotCountedTwice) {
  EXPECT_THAT(Shown(DiffLines("a\na", "a\na\na")),
              ElementsAre(" a", " a", "+a"));
}

TEST(DiffTest, HugeTextsAreReplacedWhole) {
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  EXPECT_THAT(DiffLines(before, after), SizeIs(6000));
}

TEST(DiffTest, ShorteningKeepsContextAndMarksGaps) {
  const auto lines = DiffLines("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\nx\n5\n6\n7");
  EXPECT_THAT(Shown(Shortened(lines, 1)),
              ElementsAre(" ...", " 3", "-4", "+x", " 5", " ..."));
}

}  // namespace
}  // namespace claviger::cli
