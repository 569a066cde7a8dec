// SPDX-License-Identifier: Apache-2.0
//
// One table of mistakes: what is said, on which line, and whether the object
// can still be decoded. Each is also put as JSON, with the same verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "model_testing.h"
#include "support/bad_manifests.h"

namespace claviger::model {
namespace {

using testing::BadManifest;
using ::testing::ElementsAreArray;
using testing::kGoodConnection;
using testing::kGoodGrant;

constexpr auto kWarning = Problem::Severity::kWarning;
constexpr auto kInvalid = Problem::Severity::kInvalid;
constexpr auto kUndecodable = Problem::Severity::kUndecodable;

std::optional<Refusal> RefusalIn(const Objects& objects) {
  for (const Connection& one : objects.connections) return one.refused;
  for (const Grant& one : objects.grants) return one.refused;
  for (const Group& one : objects.groups) return one.refused;
  return std::nullopt;
}

size_t Decoded(const Objects& objects) {
  return objects.connections.size() + objects.grants.size() +
         objects.groups.size();
}

void Check(const BadManifest& c) {
  const std::string text = Text(c);
  SCOPED_TRACE(text);
  const Objects objects = Yaml(text);
  EXPECT_TRUE(objects.complete);
  EXPECT_THAT(Lines(objects.problems), ElementsAreArray(c.expected));
  Problem::Severity worst = kWarning;
  for (const Problem& problem : objects.problems) {
    worst = std::max(worst, problem.severity);
  }
  EXPECT_EQ(worst, c.worst);
  EXPECT_EQ(Decoded(objects), c.worst == kUndecodable ? 0U : 1U);
  EXPECT_EQ(RefusalIn(objects).has_value(), c.worst == kInvalid);
  const std::string json = ToJson(ReadYaml(text).roots.at(0));
  EXPECT_EQ(Verdicts(DecodeManifests(json, "m.json", true)), Verdicts(objects))
      << json;
}

TEST(BadManifestsTest, UnknownFields) {
  for (const BadManifest& bad : testing::UnknownFields()) Check(bad);
}

TEST(BadManifestsTest, WrongTypes) {
  for (const BadManifest& bad : testing::WrongTypes()) Check(bad);
}

TEST(BadManifestsTest, UnknownWords) {
  for (const BadManifest& bad : testing::UnknownWords()) Check(bad);
}

TEST(BadManifestsTest, WhatIsRequired) {
  for (const BadManifest& bad : testing::WhatIsRequired()) Check(bad);
}

TEST(BadManifestsTest, ListsThatMustNotBeEmptyWhereGiven) {
  for (const BadManifest& bad : testing::ListsThatMustNotBeEmptyWhereGiven())
    Check(bad);
}

TEST(BadManifestsTest, ValuesOutOfRange) {
  for (const BadManifest& bad : testing::ValuesOutOfRange()) Check(bad);
}

TEST(BadManifestsTest, DenyIsNarrow) {
  for (const BadManifest& bad : testing::DenyIsNarrow()) Check(bad);
}

TEST(BadManifestsTest, EndpointsMustBeSafe) {
  for (const BadManifest& bad : testing::EndpointsMustBeSafe()) Check(bad);
}

TEST(BadManifestsTest, ValidButProbablyNotMeant) {
  for (const BadManifest& bad : testing::ValidButProbablyNotMeant()) Check(bad);
}

TEST(BadManifestsTest, OnSecretFailureNextIsNeverPerUser) {
  Check({kGoodConnection,
         "    default: {vault: {engine: kv2, mount: secret, path: "
         "sales/dw}}\n",
         "    mode: PerUser\n    onSecretFailure: Next\n",
         kInvalid,
         {"m.yaml:11: spec.credentials.onSecretFailure: Next would hand a "
          "caller somebody else's credential; set it to Fail"}});
}

TEST(BadManifestsTest, EveryProblemComesInOneGoInTheOrderOfLines) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: DW, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: "dw corp", port: 0}
  sharing: {mode: Groups, groups: ["a*"]}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: auth, path: ../x}}
)");
  ASSERT_EQ(objects.problems.size(), 6U);
  int line = 0;
  for (const Problem& problem : objects.problems) {
    EXPECT_EQ(problem.severity, kInvalid);
    EXPECT_EQ(problem.object, "Connection sales/DW");
    EXPECT_GE(problem.location.line, line);
    line = problem.location.line;
  }
  const Refusal& refusal = *objects.connections[0].refused;
  EXPECT_EQ(refusal.reason, "InvalidSpec");
  EXPECT_EQ(refusal.detail,
            "metadata.name: \"DW\" is not an object's name; "
            "spec.endpoint.host: \"dw corp\" is not a host; "
            "spec.endpoint.port: not between 1 and 65535; and 3 more");
  EXPECT_EQ(refusal.fix,
            "use lower-case letters, digits, dashes and dots, at most 253");
}

TEST(BadManifestsTest, APasswordInTheWrongPlaceIsNotRepeated) {
  for (const char* endpoint :
       {"url: \"https://u:hunter2@a.corp/#x\"", "host: \"u:hunter2@a.corp\"",
        "hosts: [\"u:hunter2@a.corp:1\"]",
        "host: a, database: \"postgresql://u:hunter2@a.corp/b\""}) {
    std::string text(kGoodConnection);
    text.replace(text.find("host: dw.corp"), 13, endpoint);
    const Objects objects = Yaml(text);
    ASSERT_FALSE(objects.problems.empty()) << endpoint;
    for (const std::string& line : Lines(objects.problems)) {
      EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    }
    EXPECT_TRUE(objects.connections.at(0).refused.has_value());
  }
}

TEST(BadManifestsTest, ReservedMountsHaveAReasonOfTheirOwn) {
  for (const char* mount :
       {"sys", "auth", "identity", "cubbyhole", "sys/x", "Sys"}) {
    BadManifest c{kGoodConnection, "mount: secret", "", kInvalid, {}};
    const std::string put = std::string("mount: ") + mount;
    c.put = put;
    const Objects objects = Yaml(Text(c));
    ASSERT_TRUE(objects.connections.at(0).refused.has_value()) << mount;
    EXPECT_EQ(objects.connections[0].refused->reason, "PathNotAllowed");
  }
}

TEST(BadManifestsTest, AHostileNumberOfProblemsIsCounted) {
  std::string text(kGoodGrant);
  for (int i = 0; i < 1000; ++i) text += "  f" + std::to_string(i) + ": 1\n";
  const Objects objects = Yaml(text);
  ASSERT_EQ(objects.problems.size(), 51U);
  EXPECT_EQ(ToString(objects.problems[0]),
            "m.yaml:1: 950 more problems; put these right first");
  EXPECT_EQ(objects.problems[0].severity, kUndecodable);
}

TEST(BadManifestsTest, WarningsDoNotCrowdOutWhatRefuses) {
  std::string subjects;
  for (int i = 0; i < 64; ++i) subjects += "    - {kind: User, name: alice}\n";
  BadManifest c{
      kGoodGrant, "    - {kind: User, name: alice}\n", subjects, kInvalid, {}};
  std::string text = Text(c);
  text += "  reason: \"\"\n";
  const Objects objects = Yaml(text);
  ASSERT_TRUE(objects.grants.at(0).refused.has_value());
  EXPECT_EQ(objects.grants[0].refused->detail, "spec.reason: empty");
}

}  // namespace
}  // namespace claviger::model
