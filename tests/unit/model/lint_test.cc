// SPDX-License-Identifier: Apache-2.0
#include "model/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/group_cycles.h"
#include "model_testing.h"

namespace claviger::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Warnings about a Connection with these lines in its spec, and a Grant on it.
std::vector<std::string> Warnings(std::string_view connection,
                                  std::string_view grant) {
  const std::string text = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: s}
spec:
  provider: redis
  endpoint: {host: h}
)" + std::string(connection) +
                           R"(---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: known}
spec: {members: [{kind: User, name: a}]}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: s}
spec:
  connection: dw
)" + std::string(grant);
  return Lines(FindWarnings(Yaml(text)));
}

constexpr std::string_view kLayered =
    "  credentials: {type: password, mode: Layered}\n";
constexpr std::string_view kGlobal =
    "  credentials: {type: password, mode: Global}\n";
constexpr std::string_view kPerUser =
    "  credentials: {type: password, mode: PerUser}\n";
constexpr std::string_view kSlot =
    "  privileges: []\n"
    "  credential: {vault: {engine: kv1, mount: a, path: b}}\n";

TEST(LintTest, IsSilentAboutWhatIsMeant) {
  EXPECT_THAT(Warnings(kLayered, "  subjects: [{kind: Group, name: known}]\n" +
                                     std::string(kSlot)),
              IsEmpty());
  EXPECT_THAT(Warnings(kPerUser, "  subjects: [{kind: User, name: a}]\n" +
                                     std::string(kSlot)),
              IsEmpty());
}

TEST(LintTest, WarnsOfCredentialsThatTheModeIgnores) {
  EXPECT_THAT(
      Warnings(kGlobal,
               "  subjects: [{kind: User, name: a}]\n" + std::string(kSlot)),
      ElementsAre("m.yaml:21: spec.credential: ignored: the connection's "
                  "credentials.mode is Global; remove it, or set "
                  "credentials.mode: Layered there"));
  EXPECT_THAT(
      Warnings(kPerUser,
               "  subjects: [{kind: Everyone}]\n" + std::string(kSlot)),
      ElementsAre("m.yaml:21: spec.credential: ignored for groups and "
                  "Everyone: the connection's credentials are per user; name "
                  "users or service accounts, or set credentials.mode: Layered "
                  "there"));
}

TEST(LintTest, WarnsOfReadSecretThatCannotWork) {
  EXPECT_THAT(
      Warnings(kLayered,
               "  subjects: [{kind: Everyone}]\n  privileges: [readSecret]\n"),
      ElementsAre("m.yaml:20: spec.privileges: readSecret is without effect "
                  "while the connection is server-side-only; leave it out, or "
                  "set serverSideOnly: false there"));
  EXPECT_THAT(Warnings(std::string(kLayered) + "  serverSideOnly: false\n",
                       "  subjects: [{kind: Everyone}]\n"
                       "  privileges: [readSecret]\n"),
              IsEmpty());
}

TEST(LintTest, WarnsOfNamesThatLeadNowhere) {
  EXPECT_THAT(
      Warnings(std::string(kLayered) +
                   "  owner: {kind: Group, name: x}\n"
                   "  sharing: {mode: Groups, groups: [known, y]}\n",
               "  subjects: [{kind: Group, name: z}, {kind: User, name: q}]\n"),
      ElementsAre("m.yaml:8: spec.owner.name: no Group \"x\" was read; check "
                  "the name, or add it",
                  "m.yaml:9: spec.sharing.groups[1]: no Group \"y\" was read; "
                  "check the name, or add it",
                  "m.yaml:21: spec.subjects[0].name: no Group \"z\" was read; "
                  "check the name, or add it"));
}

TEST(LintTest, WarnsOfGroupsThatAreEmptyOrContainThemselves) {
  const Objects objects = Yaml(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: empty}
spec: {members: []}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: self}
spec: {members: [{kind: Group, name: self}]}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: claimed}
spec: {claim: {name: a, value: b}, admins: [{kind: Group, name: nobody}]}
)");
  EXPECT_THAT(
      Lines(FindWarnings(objects)),
      ElementsAre("m.yaml:4: spec.members: empty, and there is no claim: no "
                  "members; add members or a claim",
                  "m.yaml:9: spec.members: the group contains itself, so it "
                  "gives nothing; remove the membership that closes the circle",
                  "m.yaml:14: spec.admins[0].name: no Group \"nobody\" was "
                  "read; check the name, or add it"));
}

TEST(LintTest, SaysNothingAboutRefusedObjects) {
  EXPECT_THAT(Warnings(kLayered,
                       "  subjects: [{kind: Group, name: z}]\n"
                       "  privileges: []\n"),
              IsEmpty());
}

Group AGroup(std::string name, const std::vector<std::string>& children) {
  Group group;
  group.metadata.name = std::move(name);
  for (const std::string& child : children) {
    group.members.push_back({SubjectKind::kGroup, "", child});
  }
  return group;
}

TEST(GroupCyclesTest, FindsGroupsOnCyclesAndNoOthers) {
  EXPECT_THAT(FindCyclicGroups({AGroup("a", {"b"}), AGroup("b", {"c", "x"}),
                                AGroup("c", {"b"}), AGroup("x", {}),
                                AGroup("self", {"self", "a"}),
                                AGroup("absent", {"nobody"})}),
              ElementsAre("b", "c", "self"));
}

TEST(GroupCyclesTest, FollowsLongChainsWithoutRecursion) {
  std::vector<Group> groups;
  for (int i = 0; i < 100'000; ++i) {
    groups.push_back(
        AGroup("g" + std::to_string(i), {"g" + std::to_string(i + 1)}));
  }
  EXPECT_THAT(FindCyclicGroups(groups), IsEmpty());
  groups.back().members[0].name = "g0";
  EXPECT_EQ(FindCyclicGroups(groups).size(), 100'000U);
}

}  // namespace
}  // namespace claviger::model
