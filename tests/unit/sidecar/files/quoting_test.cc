// SPDX-License-Identifier: Apache-2.0
//
// What is written is what the programs that read such files get back: by the
// programs themselves where they are at hand (sh, Python's configparser and
// netrc), and by a reader of a few lines where not.
#include "sidecar/files/quoting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/document.h"
#include "model/yaml_reader.h"
#include "support/run.h"
#include "support/scratch_directory.h"

namespace claviger::sidecar::files {
namespace {

using ::testing::Optional;
using testing::RunToEnd;
using testing::ScratchDirectory;

const std::vector<std::string>& Awkward() {
  static const std::vector<std::string> texts = {
      "",
      "plain",
      "it's",
      "a\"b",
      "a\\b\\\\c\\",
      "$HOME `id` $(id) ${x}",
      "a:b:c",
      "#no comment; none",
      "*",
      " both ends ",
      "tab\tand\nline\r\nends\n",
      "%(x)s %%",
      "a=b & c|d > e < f",
      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91",
      "\xc2\x85\xe2\x80\xa8\xef\xbb\xbf",
      "-----BEGIN KEY-----\nMII+/=\n-----END KEY-----\n",
      "\x01\x1b\x7f",
      "!x y",
      "''",
      "machine login password",
  };
  return texts;
}

// What a program prints that is given `file` as its last argument.
std::string OutputOf(std::vector<std::string> argv, const std::string& file) {
  auto folder = ScratchDirectory::Create();
  EXPECT_TRUE(folder);
  const auto path = folder->Write("file", file);
  EXPECT_TRUE(path);
  argv.push_back(*path);
  testing::ProcessOptions options;
  options.argv = std::move(argv);
  const auto ran = RunToEnd(options);
  EXPECT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 0) << ran->err;
  return ran->out;
}

TEST(ShellTest, ReadsBackEveryText) {
  for (const std::string& text : Awkward()) {
    const Quoted quoted = ForShell(text);
    ASSERT_TRUE(quoted) << text;
    EXPECT_EQ(OutputOf({"sh", "-c", ". \"$0\"; printf '%s.' \"$A\""},
                       "A=" + *quoted + "\n"),
              text + ".");
  }
  EXPECT_EQ(ForShell(std::string_view("a\0b", 3)), std::nullopt);
}

TEST(YamlTest, ReadsBackEveryText) {
  for (const std::string& text : Awkward()) {
    const Quoted quoted = ForYaml(text);
    ASSERT_TRUE(quoted) << text;
    const auto documents = model::ReadYaml("a: " + *quoted + "\n");
    ASSERT_EQ(documents.roots.size(), 1U) << *quoted;
    EXPECT_EQ(documents.roots[0].children[0].text, text) << *quoted;
  }
  EXPECT_EQ(ForYaml("\xff"), std::nullopt);
  EXPECT_EQ(ForYaml("\xed\xa0\x80"), std::nullopt);  // half of a pair
}

// libpq's rule: a backslash takes the next letter as it is.
TEST(PgpassTest, EscapesWhatPartsFields) {
  EXPECT_THAT(ForPgpass("a:b\\c"), Optional(std::string("a\\:b\\\\c")));
  EXPECT_THAT(ForPgpass("*"), Optional(std::string("\\*")));
  EXPECT_THAT(ForPgpass("**#'\" "), Optional(std::string("**#'\" ")));
  for (const char* line : {"a\nb", "a\r"}) {
    EXPECT_EQ(ForPgpass(line), std::nullopt);
  }
  EXPECT_EQ(ForPgpass(std::string_view("\0", 1)), std::nullopt);
}

TEST(MyCnfTest, QuotesAndEscapes) {
  EXPECT_THAT(ForMyCnf("a\"b\\c#d\n'"),
              Optional(std::string("\"a\\\"b\\\\c#d\\n'\"")));
  EXPECT_EQ(ForMyCnf("\x01"), std::nullopt);
  EXPECT_EQ(ForMyCnf(std::string(4'001, 'x')), std::nullopt);
}

TEST(DotenvTest, WritesOnlyWhatAllReadersTakeTheSameWay) {
  EXPECT_THAT(ForDotenv("a b#$c\""), Optional(std::string("'a b#$c\"'")));
  EXPECT_THAT(ForDotenv("it's"), Optional(std::string("\"it's\"")));
  for (const char* unsure : {"it's \"x\"", "back\\slash", "${HOME}", "a\nb",
                             "a\rb", "a\tb", "it's `c`"}) {
    EXPECT_EQ(ForDotenv(unsure), std::nullopt) << unsure;
  }
}

TEST(AwsTest, IsReadByConfigparser) {
  const std::string key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=:,!";
  ASSERT_THAT(ForAws(key), Optional(key));
  EXPECT_EQ(
      OutputOf({"python3", "-c",
                "import configparser,sys; c=configparser.RawConfigParser();"
                "c.read(sys.argv[1]); print(c['default']['k'],end='')"},
               "[default]\nk = " + key + "\n"),
      key);
  for (const char* bad :
       {"", " a", "a b", "a#b", "a;b", "a%b", "a\nb", "'a'", "\xc3\xa9"}) {
    EXPECT_EQ(ForAws(bad), std::nullopt) << bad;
  }
}

TEST(NetrcTest, IsReadByPython) {
  const std::string word = "p4$$:w0rd/#%!=&";
  ASSERT_THAT(ForNetrc(word), Optional(word));
  EXPECT_EQ(OutputOf({"python3", "-c",
                      "import netrc,sys;"
                      "print(netrc.netrc(sys.argv[1]).hosts['h'][2],end='')"},
                     "machine h\nlogin l\npassword " + word + "\n"),
            word);
  for (const char* bad : {"", "#a", "a b", "a\tb", "a\"", "a\\", "a\n"}) {
    EXPECT_EQ(ForNetrc(bad), std::nullopt) << bad;
  }
}

// As java.util.Properties reads a value.
std::string ReadProperty(std::string_view text) {
  std::u16string units;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      units += static_cast<char16_t>(text[i]);
    } else if (text[++i] == 'u') {
      units += static_cast<char16_t>(
          std::stoi(std::string(text.substr(i + 1, 4)), nullptr, 16));
      i += 4;
    } else {
      units += static_cast<char16_t>(text[i]);
    }
  }
  std::string bytes;
  for (size_t i = 0; i < units.size(); ++i) {
    uint32_t point = units[i];
    if (point >= 0xD800 && point < 0xDC00) {
      point = 0x10000 + ((point - 0xD800) << 10U) + (units[++i] - 0xDC00U);
    }
    const auto byte = [&](uint32_t value) {
      bytes += static_cast<char>(value);
    };
    if (point < 0x80) {
      byte(point);
    } else if (point < 0x800) {
      byte(0xC0U | (point >> 6U));
      byte(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
      byte(0xE0U | (point >> 12U));
      byte(0x80U | ((point >> 6U) & 0x3FU));
      byte(0x80U | (point & 0x3FU));
    } else {
      byte(0xF0U | (point >> 18U));
      byte(0x80U | ((point >> 12U) & 0x3FU));
      byte(0x80U | ((point >> 6U) & 0x3FU));
      byte(0x80U | (point & 0x3FU));
    }
  }
  return bytes;
}

TEST(PropertiesTest, ReadsBackEveryText) {
  for (const std::string& text : Awkward()) {
    const Quoted quoted = ForProperties(text);
    ASSERT_TRUE(quoted) << text;
    EXPECT_EQ(ReadProperty(*quoted), text) << *quoted;
    for (const char c : *quoted) EXPECT_TRUE(c >= ' ' && c <= '~') << *quoted;
    EXPECT_FALSE(quoted->starts_with(' '));
  }
  EXPECT_EQ(ForProperties(std::string_view("\0", 1)), std::nullopt);
  EXPECT_EQ(ForProperties("\xc3"), std::nullopt);
}

}  // namespace
}  // namespace claviger::sidecar::files
