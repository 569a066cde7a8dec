// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_world.h"
#include "cli/exit_code.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class LintTest : public CliTest {
 protected:
  Ran Lint(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"lint", "-f", directory()});
    return Run(arguments);
  }
};

constexpr const char* kConnection = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.example}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/dw}}
)";

TEST_F(LintTest, CleanManifestsAreZeroAndSilent) {
  Write("a.yaml", kWorld);
  const Ran ran = Lint();
  EXPECT_EQ(ran.code, kExitYes) << ran.out;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("3 Connections, 4 Grants, 2 Groups"));
}

TEST_F(LintTest, PrintsFileLinePathWhatAndFix) {
  Write("a.yaml", std::string(kConnection) + "  colour: red\n");
  const Ran ran = Lint();
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.out, StartsWith(directory() + "/a.yaml:10: spec.colour: "));
}

TEST_F(LintTest, WarningsAloneAreClean) {
  Write("a.yaml", R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: doubled}
spec: {members: [{kind: User, name: a}, {kind: User, name: a}]}
)");
  const Ran ran = Lint();
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_THAT(ran.out, StartsWith("warning: "));
}

TEST_F(LintTest, FindsWhatOnlySeveralObjectsShow) {
  Write("a.yaml",
        std::string(kConnection) + "  owner: {kind: User, name: a}\n");
  std::string other = kConnection;
  other.replace(other.find("name: dw"), 8, "name: dx");
  Write("b.yaml", other + "  owner: {kind: User, name: b}\n");
  const Ran ran = Lint();
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.out, HasSubstr("b.yaml"));
}

TEST_F(LintTest, ListsAsJson) {
  Write("a.yaml", std::string(kConnection) + "  colour: red\n");
  const Ran ran = Lint({"-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  const auto json = ran.Json();
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["severity"], "error");
  EXPECT_EQ(json[0]["file"], directory() + "/a.yaml");
  EXPECT_EQ(json[0]["line"], 10);
  EXPECT_EQ(json[0]["path"], "spec.colour");
  EXPECT_EQ(json[0]["object"], "Connection sales/dw");
}

TEST_F(LintTest, CleanIsAnEmptyListAsJson) {
  Write("a.yaml", kConnection);
  EXPECT_EQ(Lint({"-o", "json"}).out, "[]\n");
}

TEST_F(LintTest, ManifestsThatCannotBeReadAreAnError) {
  EXPECT_EQ(Run({"lint", "-f", directory() + "/none"}).code, kExitError);
}

TEST_F(LintTest, KubernetesSecretsInAFileOfThatNameArePassedOver) {
  Write("a.yaml", kConnection);
  Write("secrets.yaml",
        "# sealed\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n");
  EXPECT_EQ(Lint().code, kExitYes);
}

TEST_F(LintTest, RefusesTheSecretsOfTheEmbeddedVault) {
  Write("a.yaml", kConnection);
  Write("secrets.yaml",
        "- path: secret/sales/dw\n  data: {password: canary-7f3a}\n");
  const Ran ran = Lint();
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.out, HasSubstr("secrets.yaml"));
  EXPECT_THAT(ran.out, HasSubstr("claviger dev"));
  EXPECT_THAT(ran.out + ran.err, ::testing::Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace claviger::cli
