// SPDX-License-Identifier: Apache-2.0
#include "providers/file_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/catalogue.h"

namespace claviger::providers {
namespace {

using ::testing::HasSubstr;

std::string Parsed(std::string_view text) {
  const auto wishes = ParseFileWishes(text);
  return wishes ? ToString(*wishes) : wishes.error().message;
}

TEST(FileFormatsTest, AreFoundByTheirPlaceInTheEnumeration) {
  for (size_t i = 0; i < AllFileFormats().size(); ++i) {
    EXPECT_EQ(AllFileFormats()[i].format, static_cast<FileFormat>(i));
  }
  EXPECT_EQ(InfoOf(FileFormat::kServiceBinding).id, "service-binding");
}

TEST(FileFormatsTest, NameProvidersAndTypesOfTheCatalogue) {
  for (const FileFormatInfo& info : AllFileFormats()) {
    for (const auto provider : info.providers) {
      EXPECT_NE(Find(provider), nullptr) << provider;
    }
    for (const auto type : info.types) {
      EXPECT_NE(FindType(type), nullptr) << type;
    }
  }
}

TEST(FileWishesTest, AreSortedAndOnce) {
  EXPECT_EQ(Parsed(" b/x=env,\n a/y.z=my.cnf , b/x=env,"),
            "a/y.z=my.cnf,b/x=env");
  EXPECT_EQ(Parsed(""), "");
}

TEST(FileWishesTest, SayWhatToWrite) {
  for (const char* bad : {"x", "x=env", "/x=env", "a/=env", "A/x=env",
                          "a/../x=env", "a/x/y=env", "a/$(x)=env", "a/x"}) {
    const auto wishes = ParseFileWishes(bad);
    ASSERT_FALSE(wishes) << bad;
    EXPECT_EQ(wishes.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(Parsed("a/x=xml"), HasSubstr("use one of env, json, yaml"));
}

TEST(FileWishesTest, AreBounded) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += "s/c" + std::to_string(i) + "=env,";
  EXPECT_EQ(Parsed(many), "more than 64 entries");
  EXPECT_EQ(Parsed(std::string(20'000, ',')), "too long");
  const std::string name(200, 'a');
  EXPECT_THAT(Parsed(std::string(60, 'n') + "/" + name + "=env"),
              HasSubstr("252 characters"));
}

TEST(FileFaultTest, TellsFormatAndConnectionApart) {
  EXPECT_EQ(FindFileFault(FileFormat::kPgpass, "redshift", "dyn"),
            std::nullopt);
  EXPECT_EQ(FindFileFault(FileFormat::kJson, "kafka", "oauth2-client"),
            std::nullopt);
  EXPECT_EQ(FindFileFault(FileFormat::kPgpass, "mysql", "password"),
            "the format pgpass is for postgresql, redshift, and the provider "
            "is mysql");
  EXPECT_EQ(FindFileFault(FileFormat::kAws, "s3", "aws-assume"),
            "the format aws holds credentials of type aws-static, and this "
            "one is aws-assume");
}

TEST(FileNoticeTest, IsAPortAndAPlainPath) {
  const auto notice = ParseFileNotice("8080/-/re_load.v1~");
  ASSERT_TRUE(notice);
  EXPECT_EQ(ToString(*notice), "8080/-/re_load.v1~");
  for (const std::string bad :
       {"", "8080", "/x", "0/x", "65536/x", "80:80/x", "80/x?y", "80/x y",
        "80/$(X)", "80/@evil", "-1/x", "+80/x"}) {
    EXPECT_FALSE(ParseFileNotice(bad)) << bad;
  }
  EXPECT_FALSE(ParseFileNotice("80/" + std::string(200, 'x')));
}

TEST(FileModeTest, LetsNobodyElseRead) {
  EXPECT_EQ(*ParseFileMode("0400"), 0400U);
  EXPECT_EQ(*ParseFileMode("0440"), 0440U);
  for (const char* bad : {"", "400", "0444", "0600", "0640"}) {
    EXPECT_FALSE(ParseFileMode(bad)) << bad;
  }
}

TEST(VariablePrefixTest, KeepsNamespaceAndNameApart) {
  EXPECT_EQ(VariablePrefix({"sales-eu", "dw.main"}),
            "CLAVIGER_SALES_EU__DW_MAIN_");
}

}  // namespace
}  // namespace claviger::providers
