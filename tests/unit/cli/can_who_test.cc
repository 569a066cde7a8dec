// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_world.h"
#include "cli/exit_code.h"

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CanTest : public CliTest {
 protected:
  CanTest() { Write("world.yaml", kWorld); }

  Ran Can(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"can", "-f", directory()});
    return Run(arguments);
  }
};

TEST_F(CanTest, YesIsZeroAndNoIsThree) {
  const Ran yes = Can({"--as", "user/alice", "use", "sales/warehouse"});
  EXPECT_EQ(yes.code, kExitYes);
  EXPECT_EQ(yes.out, "yes\n");
  const Ran no = Can({"--as", "user/dan", "use", "sales/warehouse"});
  EXPECT_EQ(no.code, kExitNo);
  EXPECT_EQ(no.out, "no\n");
  EXPECT_THAT(no.err, HasSubstr("why: "));
}

TEST_F(CanTest, TheOwnerManagesButDoesNotReadSecrets) {
  for (const char* privilege : {"view", "use", "share", "manage"}) {
    EXPECT_EQ(Can({"--as", "user/erin", privilege, "sales/api"}).code, kExitYes)
        << privilege;
  }
  EXPECT_EQ(Can({"--as", "user/erin", "readSecret", "sales/api"}).code,
            kExitNo);
}

TEST_F(CanTest, SaysWhenThePrivilegeAloneIsNotEnough) {
  const Ran ran = Can({"--as", "user/alice", "use", "sales/crm"});
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_THAT(ran.err, HasSubstr("but: AmbiguousCredential"));
}

TEST_F(CanTest, TheWorkloadGateStandsBeforeUseButNotBeforeManage) {
  Write("gated.yaml", R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: gated, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://gated.example"}
  owner: {kind: User, name: erin}
  workloads: [{namespace: bi}]
  credentials: {type: token}
)");
  const Ran use = Can({"--as", "user/erin", "use", "sales/gated"});
  EXPECT_EQ(use.code, kExitNo);
  EXPECT_THAT(use.err, HasSubstr("WorkloadNotAllowed"));
  EXPECT_EQ(
      Can({"--as", "user/erin", "--carrier", "sa/bi/web", "use", "sales/gated"})
          .code,
      kExitYes);
  EXPECT_EQ(Can({"--as", "user/erin", "manage", "sales/gated"}).code, kExitYes);
}

TEST_F(CanTest, AnswersAsJson) {
  const Ran ran =
      Can({"--as", "user/alice", "share", "sales/api", "-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  const auto json = ran.Json();
  EXPECT_EQ(json["answer"], "no");
  EXPECT_EQ(json["privilege"], "share");
  EXPECT_EQ(json["connection"], "sales/api");
  EXPECT_EQ(json["caller"], "user/alice");
  EXPECT_THAT(json["why"].get<std::string>(), HasSubstr("share is not held"));
}

TEST_F(CanTest, AnUnknownConnectionIsNo) {
  EXPECT_EQ(Can({"--as", "user/alice", "view", "sales/none"}).code, kExitNo);
}

class WhoTest : public CliTest {
 protected:
  WhoTest() { Write("world.yaml", kWorld); }

  Ran Who(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"who", "-f", directory()});
    return Run(arguments);
  }

  /// The entry of one caller; null where it is not listed.
  static nlohmann::ordered_json Of(const Ran& ran, const std::string& caller) {
    const auto json = ran.Json();
    for (const auto& entry : json["callers"]) {
      if (entry["caller"] == caller) return entry;
    }
    return nullptr;
  }
};

TEST_F(WhoTest, ListsNamedCallersNamespacesAndClaims) {
  const Ran ran = Who({"sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_EQ(Of(ran, "sa/reports/nightly")["slot"], "grant/near-slot");
  EXPECT_EQ(Of(ran, "user/alice")["slot"], "grant/far-slot");
  EXPECT_EQ(Of(ran, "user/alice")["depth"], 1);
  EXPECT_EQ(Of(ran, "any service account of jobs")["slot"], "grant/far-slot");
  EXPECT_EQ(Of(ran, "any user with groups=reading")["slot"], "grant/far-slot");
  EXPECT_EQ(Of(ran, "user/erin")["slot"], "default");
  EXPECT_TRUE(Of(ran, "any user").is_null());
  EXPECT_TRUE(Of(ran, "any service account").is_null());
}

TEST_F(WhoTest, SaysWhenEverybodyCan) {
  const Ran ran = Who({"sales/api", "-o", "json"});
  EXPECT_EQ(Of(ran, "any user")["slot"], "default");
  EXPECT_THAT(Of(ran, "any service account")["why"].get<std::string>(),
              HasSubstr("Organization"));
}

TEST_F(WhoTest, NobodyIsNo) {
  const Ran ran = Who({"--deliver", "disclose", "sales/api"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_EQ(ran.out, "nobody\n");
}

TEST_F(WhoTest, PrintsATable) {
  const Ran ran = Who({"sales/warehouse"});
  EXPECT_THAT(ran.out, HasSubstr("CALLER"));
  EXPECT_THAT(ran.out, HasSubstr("sa/reports/nightly"));
  EXPECT_THAT(ran.out, HasSubstr("grant/near-slot"));
}

TEST_F(WhoTest, AnUnknownConnectionIsAnError) {
  const Ran ran = Who({"sales/none"});
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(WhoTest, ListsWhoWouldHaveToEnrol) {
  Write("viewer.yaml", R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: own, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://own.example"}
  sharing: {mode: ViewerCredentials}
  credentials: {type: token}
)");
  const Ran ran = Who({"sales/own", "-o", "json"});
  EXPECT_EQ(Of(ran, "any user")["slot"], "personal");
  EXPECT_EQ(Of(ran, "any user")["enrollmentRequired"], true);
}

}  // namespace
}  // namespace claviger::cli
