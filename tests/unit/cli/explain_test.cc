// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_world.h"
#include "cli/exit_code.h"

namespace claviger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> KeysOf(const nlohmann::ordered_json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

class ExplainTest : public CliTest {
 protected:
  ExplainTest() { Write("world.yaml", kWorld); }

  Ran Explain(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"explain", "-f", directory()});
    return Run(arguments);
  }
};

TEST_F(ExplainTest, PrintsExactlyTheDocumentedObjectWhenAllowed) {
  const Ran ran =
      Explain({"--as", "sa/reports/nightly", "sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty());
  const auto json = ran.Json();
  EXPECT_THAT(
      KeysOf(json),
      ElementsAre("outcome", "status", "reason", "connection", "caller", "slot",
                  "depth", "credential", "delivery", "validUntil", "steps"));
  EXPECT_EQ(json["outcome"], "Allow");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["reason"], "Allowed");
  EXPECT_EQ(json["slot"], "grant/near-slot");
  EXPECT_EQ(json["depth"], 1);
  EXPECT_EQ(json["credential"].dump(),
            R"({"engine":"kv2","mount":"secret","path":"sales/dw-near"})");
  EXPECT_TRUE(json["validUntil"].is_null());
}

TEST_F(ExplainTest, ARefusalIsAnAnswerWithExitCodeThree) {
  const Ran ran = Explain({"--as", "sa/reports/nightly", "--deliver",
                           "disclose", "sales/api", "-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  const auto json = ran.Json();
  EXPECT_EQ(json["outcome"], "Deny");
  EXPECT_EQ(json["status"], 403);
  EXPECT_EQ(json["reason"], "ServerSideOnly");
  EXPECT_FALSE(json["fix"].get<std::string>().empty());
}

TEST_F(ExplainTest, AmbiguityNamesTheSlotsSorted) {
  const Ran ran = Explain({"--as", "user/alice", "sales/crm", "-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  const auto json = ran.Json();
  EXPECT_THAT(KeysOf(json),
              ElementsAre("outcome", "status", "reason", "connection", "caller",
                          "slots", "detail", "fix", "steps"));
  EXPECT_EQ(json["status"], 409);
  EXPECT_EQ(json["slots"].dump(), R"(["grant/a","grant/b"])");
}

TEST_F(ExplainTest, AnUnknownConnectionIsNotVisible) {
  const Ran ran = Explain({"--as", "user/alice", "sales/none", "-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_EQ(ran.Json()["reason"], "NotVisible");
}

TEST_F(ExplainTest, AClaimMakesAUserAMember) {
  EXPECT_EQ(Explain({"--as", "user/bob", "sales/warehouse"}).code, kExitNo);
  const Ran ran =
      Explain({"--as", "user/bob", "--claim", "groups=other,reading",
               "sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_EQ(ran.Json()["slot"], "grant/far-slot");
}

TEST_F(ExplainTest, AHintPicksAnEligibleSlot) {
  const Ran ran = Explain({"--as", "sa/reports/nightly", "--slot", "default",
                           "sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.Json()["slot"], "default");
  EXPECT_EQ(ran.Json()["depth"], nullptr);
}

TEST_F(ExplainTest, AStoredPersonalCredentialComesFirst) {
  const Ran ran = Explain({"--as", "sa/reports/nightly", "--enrolled",
                           "sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.Json()["slot"], "personal");
}

TEST_F(ExplainTest, TheTimeDecidesWhichGrantsCount) {
  Write("until.yaml", R"(
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: until, namespace: sales}
spec:
  connection: warehouse
  subjects: [{kind: User, name: dan}]
  privileges: [use]
  expiresAt: "2026-06-01T00:00:00Z"
)");
  const Ran before =
      Explain({"--as", "user/dan", "--at", "2026-05-31T23:59:59Z",
               "sales/warehouse", "-o", "json"});
  EXPECT_EQ(before.code, kExitYes);
  EXPECT_EQ(before.Json()["validUntil"], "2026-06-01T00:00:00Z");
  EXPECT_EQ(Explain({"--as", "user/dan", "--at", "2026-06-01T00:00:00Z",
                     "sales/warehouse"})
                .code,
            kExitNo);
  // Without --at the clock's time: January 2026.
  EXPECT_EQ(Explain({"--as", "user/dan", "sales/warehouse"}).code, kExitYes);
}

TEST_F(ExplainTest, TellsTheStoryToPeople) {
  const Ran yes = Explain({"--as", "sa/reports/nightly", "sales/warehouse"});
  EXPECT_THAT(yes.out,
              HasSubstr("Allowed: sa/reports/nightly may use sales/warehouse"));
  EXPECT_THAT(yes.out, HasSubstr("slot        grant/near-slot (depth 1)"));
  EXPECT_THAT(yes.out, HasSubstr("credential  kv2 secret/sales/dw-near"));
  EXPECT_THAT(yes.out, HasSubstr("How it was decided"));
  const Ran no = Explain(
      {"--as", "sa/reports/nightly", "--deliver", "disclose", "sales/api"});
  EXPECT_THAT(no.out, HasSubstr("Denied: sa/reports/nightly may not see the "
                                "secret of sales/api"));
  EXPECT_THAT(no.out, HasSubstr("ServerSideOnly (403)"));
  EXPECT_THAT(no.out, HasSubstr("  fix "));
}

TEST_F(ExplainTest, NamesWhatItSkippedAndStillAnswers) {
  Write("broken.yaml",
        "apiVersion: claviger.io/v1alpha1\nkind: Group\nmetadata: {name: x}\n"
        "spec: {membres: []}\n");
  const Ran ran =
      Explain({"--as", "sa/reports/nightly", "sales/warehouse", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_THAT(ran.err, HasSubstr("broken.yaml:4"));
  EXPECT_THAT(ran.err, HasSubstr("membres"));
  EXPECT_EQ(ran.Json()["outcome"], "Allow");
}

TEST_F(ExplainTest, UnreadableManifestsAreAnError) {
  const Ran ran = Run({"explain", "-f", directory() + "/none", "--as",
                       "user/alice", "sales/api"});
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("none"));
}

TEST_F(ExplainTest, AServiceAccountCarriesItsOwnQuestion) {
  EXPECT_EQ(Explain({"--as", "sa/reports/nightly", "--carrier",
                     "sa/reports/nightly", "sales/warehouse"})
                .code,
            kExitYes);
  const Ran ran = Explain({"--as", "sa/reports/nightly", "--carrier",
                           "sa/other/one", "sales/warehouse"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("--carrier"));
}

TEST_F(ExplainTest, WrongValuesAreWrongUsage) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--as", "nightly", "sales/warehouse"},
      {"--as", "sa/reports/Nightly", "sales/warehouse"},
      {"--as", "user/alice", "--carrier", "user/bob", "sales/warehouse"},
      {"--as", "user/alice", "--at", "tomorrow", "sales/warehouse"},
      {"--as", "user/alice", "--claim", "groups", "sales/warehouse"},
      {"--as", "user/alice", "warehouse"},
      {"--as", "user/alice", "sales/ware/house"},
      {"--as", "user/alice", "sales/ware*"}};
  for (const auto& arguments : wrong) {
    const Ran ran = Explain(arguments);
    EXPECT_EQ(ran.code, kExitUsage) << arguments.back() << ran.err;
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST_F(ExplainTest, IsAskedForTheGateWithTheCarrier) {
  Write("gated.yaml", R"(
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: gated, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://gated.example"}
  sharing: {mode: Organization}
  workloads: [{namespace: bi}]
  credentials:
    type: token
    default: {vault: {engine: kv2, mount: secret, path: sales/gated}}
)");
  EXPECT_EQ(Explain({"--as", "user/alice", "sales/gated"}).code, kExitNo);
  EXPECT_EQ(
      Explain({"--as", "user/alice", "--carrier", "sa/bi/web", "sales/gated"})
          .code,
      kExitYes);
  const Ran outside =
      Explain({"--as", "sa/reports/nightly", "sales/gated", "-o", "json"});
  EXPECT_EQ(outside.Json()["status"], 404);
  EXPECT_THAT(outside.out, HasSubstr("WorkloadNotAllowed"));
}

}  // namespace
}  // namespace claviger::cli
