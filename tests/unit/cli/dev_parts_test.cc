// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "cli/cli_world.h"
#include "cli/dev_report.h"
#include "cli/private_directory.h"
#include "cli/vault_access.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

namespace fs = std::filesystem;

class PrivateDirectoryTest : public CliTest {};

TEST_F(PrivateDirectoryTest, ANewOneIsOursAloneAndGoesAway) {
  std::string path;
  {
    const auto made = PrivateDirectory::Make("", directory());
    ASSERT_TRUE(made.has_value());
    path = made->path();
    EXPECT_THAT(path, StartsWith(directory() + "/claviger-"));
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(PrivateDirectoryTest, AWantedOneIsMadeAndKept) {
  const std::string wanted = directory() + "/sockets";
  ASSERT_TRUE(PrivateDirectory::Make(wanted, "").has_value());
  EXPECT_EQ(fs::status(wanted).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(PrivateDirectory::Make(wanted, "").has_value());
}

TEST_F(PrivateDirectoryTest, RefusesOneThatOthersCanWriteTo) {
  const std::string wanted = directory() + "/open";
  ASSERT_EQ(mkdir(wanted.c_str(), 0700), 0);
  ASSERT_EQ(chmod(wanted.c_str(), 0777), 0);
  const auto made = PrivateDirectory::Make(wanted, "");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kPermissionDenied);
}

TEST_F(PrivateDirectoryTest, RefusesAFileAndALink) {
  Write("file", "");
  fs::create_directory_symlink(directory(), directory() + "/link");
  EXPECT_FALSE(PrivateDirectory::Make(directory() + "/file", ""));
  EXPECT_FALSE(PrivateDirectory::Make(directory() + "/link", ""));
}

class ReadTokenTest : public CliTest {};

TEST_F(ReadTokenTest, TakesTheFirstNamedFileWithoutItsLineEnd) {
  Write("given", "token-given\n");
  Write("variable", "token-variable\r\n");
  Write(".vault-token", "token-home");
  const auto read = [&](const char* given, const char* variable) {
    const auto token =
        ReadToken({*given ? directory() + "/" + given : "",
                   *variable ? directory() + "/" + variable : "", directory()});
    return token ? std::string(token->Reveal()) : token.error().message;
  };
  EXPECT_EQ(read("given", "variable"), "token-given");
  EXPECT_EQ(read("", "variable"), "token-variable");
  EXPECT_EQ(read("", ""), "token-home");
}

TEST_F(ReadTokenTest, SaysWhatToDoWithoutAToken) {
  const auto token = ReadToken({"", "", directory()});
  ASSERT_FALSE(token.has_value());
  EXPECT_EQ(token.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(token.error().message, HasSubstr("--token-file"));
  EXPECT_FALSE(ReadToken({"", "", ""}).has_value());
}

TEST_F(ReadTokenTest, AnEmptyFileIsNoToken) {
  Write("empty", "\n");
  EXPECT_FALSE(ReadToken({directory() + "/empty", "", ""}).has_value());
}

TEST(DevReportTest, SaysEachComplaintOnce) {
  std::ostringstream err;
  DevReport report(err);
  op::PassReport pass;
  pass.problems.push_back({model::Problem::Severity::kInvalid,
                           {"a.yaml", 3},
                           "Grant sales/x",
                           "spec.subjects",
                           "empty",
                           "name somebody"});
  pass.incomplete_read = true;
  report.Say(pass);
  EXPECT_THAT(err.str(), HasSubstr("skipped: a.yaml:3: spec.subjects"));
  EXPECT_THAT(err.str(), HasSubstr("stays as it was"));
  err.str("");
  report.Say(pass);
  EXPECT_THAT(err.str(), IsEmpty());
  pass.interrupted = Error{ErrorCode::kSealed, "vault is sealed"};
  report.Say(pass);
  EXPECT_THAT(err.str(), HasSubstr("failed: vault is sealed"));
}

TEST(DevReportTest, CountsWhatWasWritten) {
  std::ostringstream err;
  DevReport report(err);
  op::PassReport pass;
  pass.principals = 3;
  report.Say(pass);
  EXPECT_THAT(err.str(), IsEmpty());
  pass.changes.resize(2);
  report.Say(pass);
  EXPECT_EQ(err.str(), "reconciled: 2 writes in Vault for 3 principals\n");
}

}  // namespace
}  // namespace claviger::cli
