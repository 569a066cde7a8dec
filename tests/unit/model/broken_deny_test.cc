// SPDX-License-Identifier: Apache-2.0
//
// A Deny is never lost with a Grant or Group that could not be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model_testing.h"

namespace claviger::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Broken(const Objects& objects) {
  std::vector<std::string> connections;
  for (const BrokenDeny& deny : objects.broken_denies) {
    connections.push_back(deny.grant + " on " + ToString(deny.connection));
  }
  return connections;
}

std::string Grant(std::string_view spec) {
  return "apiVersion: claviger.io/v1alpha1\nkind: Grant\n"
         "metadata: {name: g, namespace: sales}\nspec:\n"
         "  connection: dw\n  subjects: [{kind: Everyone}]\n" +
         std::string(spec);
}

TEST(BrokenDenyTest, AnUndecodableDenyIsKept) {
  for (const char* spec : {
           "  effect: Deny\n  privilegs: [use]\n",    // unknown field
           "  effect: deny\n",                        // unknown word
           "  effect: DENY\n",                        //
           "  effect: Block\n",                       //
           "  effect: [Deny]\n",                      // wrong type
           "  effect: null\n",                        //
           "  effect: true\n",                        //
           "  effect: &x Deny\n",                     // anchor
           "  effect: *x\n  reason: &x y\n",          // alias before its anchor
           "  effect: Allow\n  effect: Deny\n",       // duplicate key
           "  effect: Deny\n  effect: Allow\n",       //
           "  efect: Deny\n",                         // misspelt
           "  Effect: Deny\n",                        //
           "effect: Deny\n",                          // one level too high
           "  credential:\n    effect: Deny\n",       // one level too low
           "  effect: Deny\n  subjects: nobody\n",    // duplicate key
           "  effect: Deny\n  expiresAt: tomorrow\n"  // not a time
       }) {
    const Objects objects = Yaml(Grant(spec));
    EXPECT_THAT(objects.grants, IsEmpty()) << spec;
    EXPECT_THAT(Broken(objects), ElementsAre("g on sales/dw")) << spec;
  }
}

TEST(BrokenDenyTest, AnUndecodableAllowIsJustGone) {
  for (const char* spec : {
           "  effect: Allow\n  privilegs: [use]\n",
           "  privilegs: [use]\n",
           "  reason: 5\n",
       }) {
    const Objects objects = Yaml(Grant(spec));
    EXPECT_THAT(objects.grants, IsEmpty()) << spec;
    EXPECT_THAT(Broken(objects), IsEmpty()) << spec;
  }
}

TEST(BrokenDenyTest, AnInvalidDenyIsAnObjectThatIsRefused) {
  const Objects objects = Yaml(Grant("  effect: Deny\n  privileges: [view]\n"));
  ASSERT_EQ(objects.grants.size(), 1U);
  EXPECT_EQ(objects.grants[0].effect, Effect::kDeny);
  EXPECT_TRUE(objects.grants[0].refused.has_value());
  EXPECT_THAT(Broken(objects), IsEmpty());
}

TEST(BrokenDenyTest, AMisspeltConnectionOrKindIsStillFound) {
  std::string text = Grant("  effect: Deny\n");
  text.replace(text.find("connection"), 10, "conection");
  EXPECT_THAT(Broken(Yaml(text)), ElementsAre("g on sales/dw"));
  text = Grant("  effect: Deny\n");
  text.replace(text.find("kind: Grant"), 11, "kind: grant");
  EXPECT_THAT(Broken(Yaml(text)), ElementsAre("g on sales/dw"));
  text = Grant("  effect: Deny\n");
  text.replace(text.find("v1alpha1"), 8, "v1alpha2");
  EXPECT_THAT(Broken(Yaml(text)), ElementsAre("g on sales/dw"));
}

TEST(BrokenDenyTest, ADenyInTheUnreadableRestOfAFileIsKept) {
  const Objects objects =
      Yaml(Grant("  privileges: [use]\n---\n") + Grant("  effect: Deny\n}{\n"));
  EXPECT_FALSE(objects.complete);
  EXPECT_EQ(objects.grants.size(), 1U);
  EXPECT_THAT(Broken(objects), ElementsAre("g on sales/dw"));
}

TEST(BrokenDenyTest, ATruncatedGrantMayHaveGoneOnToDeny) {
  EXPECT_THAT(Broken(Yaml(Grant("  reason: [\n"))),
              ElementsAre("g on sales/dw"));
  EXPECT_THAT(Broken(Yaml(Grant("  effect: Allow\n  reason: [\n"))), IsEmpty());
}

TEST(BrokenDenyTest, WrongIndentationDoesNotHideTheConnection) {
  std::string text = Grant("");
  text.replace(text.find("dw"), 2, "dw\n    effect: Deny");
  EXPECT_THAT(Broken(Yaml(text)), ElementsAre("g on sales/dw"));
}

TEST(BrokenDenyTest, WithoutANamespaceItMeansEveryConnectionOfThatName) {
  const std::string connections = R"(apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: a}
spec: {provider: redis, endpoint: {host: h}, credentials: {type: password}}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: dw, namespace: b}
spec: {provider: redis, endpoint: {host: h}, credentials: {type: password}}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: other, namespace: b}
spec: {provider: redis, endpoint: {host: h}, credentials: {type: password}}
---
)";
  for (const char* effect : {"  effect: Deny\n", "  effect: deny\n"}) {
    std::string grant = Grant(effect);
    grant.replace(grant.find(", namespace: sales"), 18, "");
    EXPECT_THAT(Broken(Yaml(connections + grant)),
                ElementsAre("g on a/dw", "g on b/dw"));
  }
}

TEST(BrokenDenyTest, ADenyOnAGroupThatCouldNotBeReadIsKept) {
  const std::string groups = R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: inner}
spec: {member: [{kind: User, name: a}]}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: outer}
spec: {members: [{kind: Group, name: inner}]}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: sound}
spec: {members: [{kind: User, name: inner}]}
---
)";
  const auto deny = [](std::string_view group, std::string_view rest) {
    return "apiVersion: claviger.io/v1alpha1\nkind: Grant\n"
           "metadata: {name: " +
           std::string(group) + ", namespace: s}\n" +
           "spec: {connection: dw, subjects: [{kind: Group, name: " +
           std::string(group) + "}]" + std::string(rest) + "}\n---\n";
  };
  const Objects objects =
      Yaml(groups + deny("inner", ", effect: Deny") +
           deny("outer", ", effect: Deny") + deny("sound", ", effect: Deny"));
  EXPECT_EQ(objects.groups.size(), 2U);
  EXPECT_THAT(Broken(objects),
              UnorderedElementsAre("inner on s/dw", "outer on s/dw"));
  EXPECT_THAT(Broken(Yaml(groups + deny("inner", ""))), IsEmpty());
  EXPECT_THAT(
      Broken(Yaml(groups + deny("inner", ", effect: Deny, suspended: true"))),
      IsEmpty());
}

TEST(BrokenDenyTest, ADroppedDuplicateDenyIsKept) {
  const Objects objects =
      Yaml(Grant("  effect: Allow\n") + "---\n" + Grant("  effect: Deny\n"));
  EXPECT_EQ(objects.grants.size(), 1U);
  EXPECT_EQ(objects.grants[0].effect, Effect::kAllow);
  EXPECT_THAT(Broken(objects), ElementsAre("g on sales/dw"));
  EXPECT_THAT(Lines(objects.problems),
              ElementsAre("m.yaml:11: metadata.name: there is already one of "
                          "this name; remove one of them, or choose another "
                          "name"));
}

}  // namespace
}  // namespace claviger::model
