// SPDX-License-Identifier: Apache-2.0
#include "cli/secrets_file.h"

#include <gmock/gmock.h>

#include "cli/cli_world.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SecretsFileTest : public CliTest {
 protected:
  Result<std::vector<SecretEntry>> Read(const std::string& text) {
    Write("secrets.yaml", text);
    return ReadSecretsFile(directory() + "/secrets.yaml");
  }
};

TEST_F(SecretsFileTest, ReadsPathsAndFieldsAsText) {
  const auto entries = Read(
      "- path: secret/sales/dw\n"
      "  data: {username: sales, password: 0123, note: 'yes'}\n"
      "- {path: kv/a, data: {key: {inner: [x]}}}\n");
  ASSERT_TRUE(entries.has_value()) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].path, "secret/sales/dw");
  EXPECT_EQ((*entries)[0].data.Reveal(),
            R"({"note":"yes","password":"0123","username":"sales"})");
  EXPECT_EQ((*entries)[1].data.Reveal(), R"({"key":{"inner":["x"]}})");
}

TEST_F(SecretsFileTest, AMissingFileIsNotFound) {
  const auto entries = ReadSecretsFile(directory() + "/none.yaml");
  ASSERT_FALSE(entries.has_value());
  EXPECT_EQ(entries.error().code, ErrorCode::kNotFound);
}

struct Wrong {
  const char* name;
  const char* text;
  const char* says;
};

class WrongSecretsFileTest : public SecretsFileTest,
                             public ::testing::WithParamInterface<Wrong> {};

TEST_P(WrongSecretsFileTest, IsRefusedByPlaceWithoutShowingAValue) {
  const auto entries = Read(GetParam().text);
  ASSERT_FALSE(entries.has_value());
  EXPECT_EQ(entries.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(entries.error().message, HasSubstr(GetParam().says));
  EXPECT_THAT(entries.error().message, Not(HasSubstr("canary")));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongSecretsFileTest,
    ::testing::Values(
        Wrong{"NotAList", "path: secret/a\ndata: {x: canary}\n",
              "secrets.yaml:1: not a list"},
        Wrong{"ExtraField", "- {path: secret/a, data: {}, more: canary}\n",
              "exactly path and data"},
        Wrong{"NoData", "- {path: secret/a, dat: {x: canary}}\n",
              "exactly path and data"},
        Wrong{"BadPath", "- {path: /secret/../a, data: {x: canary}}\n",
              "path: not MOUNT/PATH"},
        Wrong{"DataIsText", "- {path: secret/a, data: canary}\n",
              "data: not a map"},
        Wrong{"Anchor", "- path: secret/a\n  data: {x: &c canary, y: *c}\n",
              "secrets.yaml:2:"},
        Wrong{"Syntax", "- {path: secret/a, data: {x: canary}\n",
              "secrets.yaml:"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace claviger::cli
