// SPDX-License-Identifier: Apache-2.0
#include "vault/policy.h"

#include <gtest/gtest.h>

#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using testing::FakeVaultApi;
using Names = std::vector<std::string>;

class PolicyTest : public ::testing::Test {
 protected:
  FakeVaultApi api_;
  Secret token_{std::string("s.1")};
};

TEST_F(PolicyTest, WritesTheTextAsOneString) {
  api_.Answer(204);
  const std::string text =
      R"({"path":{"secret/data/a":{"capabilities":["read"]}}})";
  ASSERT_TRUE(WritePolicy(api_, token_, "claviger.c.sa.n.s", text));
  const auto seen = api_.seen().at(0);
  EXPECT_EQ(seen.verb, Verb::kWrite);
  EXPECT_EQ(seen.path, "sys/policies/acl/claviger.c.sa.n.s");
  EXPECT_EQ(
      seen.body,
      R"({"policy":"{\"path\":{\"secret/data/a\":{\"capabilities\":[\"read\"]}}}"})");
  EXPECT_TRUE(seen.idempotent);
}

TEST_F(PolicyTest, ReadsTheTextAsStored) {
  api_.Answer(200, R"({"data":{"name":"p","policy":"path \"x\" {}"}})");
  EXPECT_EQ(*ReadPolicy(api_, token_, "p"), "path \"x\" {}");
  api_.Break(ErrorCode::kNotFound);
  EXPECT_EQ(ReadPolicy(api_, token_, "p").error().code, ErrorCode::kNotFound);
  api_.Answer(200, R"({"data":{"policy":null}})");
  EXPECT_EQ(ReadPolicy(api_, token_, "p").error().code, ErrorCode::kMalformed);
}

TEST_F(PolicyTest, TakesAnAbsentPolicyForDeleted) {
  api_.Answer(204);
  EXPECT_TRUE(DeletePolicy(api_, token_, "p"));
  EXPECT_EQ(api_.seen().at(0).verb, Verb::kDelete);
  EXPECT_EQ(api_.seen().at(0).path, "sys/policies/acl/p");
  api_.Break(ErrorCode::kNotFound);
  EXPECT_TRUE(DeletePolicy(api_, token_, "p"));
  api_.Break(ErrorCode::kUnavailable);
  EXPECT_FALSE(DeletePolicy(api_, token_, "p"));
}

TEST_F(PolicyTest, ListsNames) {
  api_.Answer(200, R"({"data":{"keys":["default","root"]}})");
  EXPECT_EQ(*ListPolicies(api_, token_), (Names{"default", "root"}));
  EXPECT_EQ(api_.seen().at(0).verb, Verb::kList);
  EXPECT_EQ(api_.seen().at(0).path, "sys/policies/acl");
}

TEST_F(PolicyTest, TakesTheNamesOfTheLongestServiceAccounts) {
  const std::string name = "claviger." + std::string(40, 'c') + ".sa." +
                           std::string(63, 'n') + "." + std::string(253, 's');
  api_.Answer(204);
  EXPECT_TRUE(WritePolicy(api_, token_, name, "{}"));
  EXPECT_FALSE(WritePolicy(api_, token_, std::string(600, 'n'), "{}"));
  EXPECT_EQ(api_.seen().size(), 1U);
}

TEST_F(PolicyTest, ChecksNamesBeforeAnythingIsSent) {
  for (const char* name : {"", "a/b", "..", "a*", "a+", "a\"b", "%2e", "Root",
                           " root", "{{x}}", "a\n"}) {
    EXPECT_FALSE(ReadPolicy(api_, token_, name)) << name;
    EXPECT_FALSE(WritePolicy(api_, token_, name, "{}")) << name;
    EXPECT_FALSE(DeletePolicy(api_, token_, name)) << name;
  }
  EXPECT_TRUE(api_.seen().empty());
}

}  // namespace
}  // namespace claviger::vault
