// SPDX-License-Identifier: Apache-2.0
#include "cli/local/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/local/played_sidecar.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::map<std::string, std::string> Shown(const Variables& variables) {
  std::map<std::string, std::string> shown;
  for (const auto& [name, value] : variables) shown[name] = value.Reveal();
  return shown;
}

TEST(VariableWishTest, HasThePodsNamesOrAPrefix) {
  EXPECT_EQ(ParseVariableWish("sales-eu/dw.x")->prefix,
            "CLAVIGER_SALES_EU__DW_X_");
  EXPECT_EQ(ParseVariableWish("sales/dw:PG")->prefix, "PG");
  for (const char* bad :
       {"", "dw", "sales/", "sales/dw:", "sales/dw:1A", "sales/dw:A-B",
        "sales/dw:A=B", "Sales/dw", "a/b/c", "../x", "sales/dw?x"}) {
    const auto refused = ParseVariableWish(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(VariablesTest, AreWhereItIsAndTheFields) {
  PlayedSidecar sidecar;
  sidecar.PutLogin("sales/dw", R"({"host":"dw.corp","port":5432,)"
                               R"("hosts":["a:1","b"],"tls":{"mode":"x"}})");
  const auto read =
      ReadVariables(sidecar.Api(), {*ParseVariableWish("sales/dw:DB_")});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Shown(*read), (std::map<std::string, std::string>{
                              {"DB_HOST", "dw.corp"},
                              {"DB_PORT", "5432"},
                              {"DB_HOSTS", "a:1,b"},
                              {"DB_USERNAME", "bot"},
                              {"DB_PASSWORD", PlayedSidecar::kCanary}}));
}

TEST(VariablesTest, ARefusalIsNoAndAnOutageIsNotNow) {
  PlayedSidecar sidecar;
  sidecar.PutLogin("sales/dw", "{}");
  const auto read = [&] {
    return ReadVariables(sidecar.Api(), {*ParseVariableWish("sales/dw")});
  };
  sidecar.Put("sales/dw/credential",
              R"({"reason":"ServerSideOnly","detail":"d","fix":"f"})", 403);
  auto refused = read();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused.error().message, "sales/dw: ServerSideOnly: d; f");
  for (const int status : {429, 500, 503}) {
    sidecar.Put("sales/dw/credential", "<html>", status);
    refused = read();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << status;
  }
  sidecar.Break();
  EXPECT_EQ(read().error().code, ErrorCode::kUnavailable);
}

TEST(VariablesTest, RefusesWhatNoneCanHoldAndWhatIsThereTwice) {
  PlayedSidecar sidecar;
  sidecar.PutLogin("sales/dw", "{}");
  sidecar.PutLogin("sales/two", "{}");
  const auto twice = ReadVariables(
      sidecar.Api(),
      {*ParseVariableWish("sales/dw:A_"), *ParseVariableWish("sales/two:A_")});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("would be set twice"));
  sidecar.Put("sales/dw/credential",
              R"({"type":"password","data":{"password":"canary\u0000x"}})");
  const auto nul =
      ReadVariables(sidecar.Api(), {*ParseVariableWish("sales/dw:A_")});
  ASSERT_FALSE(nul);
  EXPECT_EQ(nul.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(nul.error().message, HasSubstr("A_PASSWORD"));
  EXPECT_THAT(nul.error().message, Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace claviger::cli
