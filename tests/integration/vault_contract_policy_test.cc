// SPDX-License-Identifier: Apache-2.0
//
// Policies as Vault matches them: the whole of lib/access's promises rests on
// these answers.
#include <gmock/gmock.h>

#include <algorithm>

#include "integration/vault_contract.h"
#include "vault/kv.h"
#include "vault/policy.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;
using vault::Capabilities;
using vault::Verb;
using Names = std::vector<std::string>;

class VaultPolicyContractTest : public VaultContractTest {
 protected:
  // What the token may do at `path`, sorted; asked for by the token's owner and
  // by the administrator, who must be told the same.
  Names CapabilitiesOf(const Secret& token, const std::string& path) {
    const auto found = Capabilities(api(), root(), token, {path});
    if (!found) return {found.error().message};
    Names names = found->at(path);
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(VaultPolicyContractTest, KeepsPoliciesAsText) {
  const std::string name = Fresh("claviger.prod-eu.sa.reports.nightly-job");
  const std::string text = PolicyText({{"secret/data/a", {"read"}}});
  EXPECT_EQ(CodeOf(vault::ReadPolicy(api(), root(), name)), "not_found");
  ASSERT_TRUE(vault::WritePolicy(api(), root(), name, text));
  EXPECT_EQ(*vault::ReadPolicy(api(), root(), name), text);
  EXPECT_THAT(*vault::ListPolicies(api(), root()), Contains(name));
  const std::string other = PolicyText({{"secret/data/b", {"list"}}});
  ASSERT_TRUE(vault::WritePolicy(api(), root(), name, other));
  EXPECT_EQ(*vault::ReadPolicy(api(), root(), name), other);
  ASSERT_TRUE(vault::DeletePolicy(api(), root(), name));
  EXPECT_EQ(CodeOf(vault::ReadPolicy(api(), root(), name)), "not_found");
  EXPECT_THAT(*vault::ListPolicies(api(), root()), Not(Contains(name)));
  EXPECT_TRUE(vault::DeletePolicy(api(), root(), name)) << "a second time too";
}

TEST_F(VaultPolicyContractTest, FoldsTheCaseOfNames) {
  ASSERT_TRUE(vault::WritePolicy(api(), root(), "Contract.Folded", "{}"));
  EXPECT_EQ(*vault::ReadPolicy(api(), root(), "contract.folded"), "{}");
  EXPECT_THAT(*vault::ListPolicies(api(), root()), Contains("contract.folded"));
}

TEST_F(VaultPolicyContractTest, KeepsItsOwnPolicies) {
  EXPECT_EQ(CodeOf(vault::WritePolicy(api(), root(), "root", "{}")),
            "invalid_argument");
  EXPECT_EQ(CodeOf(vault::DeletePolicy(api(), root(), "root")),
            "invalid_argument");
  EXPECT_EQ(CodeOf(vault::DeletePolicy(api(), root(), "default")),
            "invalid_argument");
  EXPECT_THAT(*vault::ListPolicies(api(), root()), Contains("default"));
}

TEST_F(VaultPolicyContractTest, RefusesWhatItWouldNotUnderstand) {
  const std::string name = Fresh("contract.bad");
  for (const char* text :
       {R"({"path":{"a":{"capabilities":["fly"]}}})",
        R"({"path":{"a":{"capabilities":["read"],"zzz":1}}})",
        R"({"path":{"s/+*":{"capabilities":["read"]}}})", ""}) {
    EXPECT_EQ(CodeOf(vault::WritePolicy(api(), root(), name, text)),
              "invalid_argument")
        << text;
  }
  EXPECT_EQ(CodeOf(vault::ReadPolicy(api(), root(), name)), "not_found");
}

struct Match {
  const char* rule;
  const char* path;
  bool matches;
};

TEST_F(VaultPolicyContractTest, MatchesPathsExactlyBySegmentAndByPrefix) {
  const Names read{"read"};
  const Names deny{"deny"};
  for (const Match& row : std::vector<Match>{
           {"s/a", "s/a", true},       {"s/a", "s/a/b", false},
           {"s/a", "s/ab", false},     {"s/a", "s", false},
           {"s/a", "S/a", false},      {"s/a*", "s/a", true},
           {"s/a*", "s/ab", true},     {"s/a*", "s/a/b/c", true},
           {"s/a*", "s/b", false},     {"s/a/*", "s/a/b", true},
           {"s/a/*", "s/a/b/c", true}, {"s/a/*", "s/a", false},
           {"s/a/*", "s/ab", false},   {"s/+", "s/a", true},
           {"s/+", "s/a/b", false},    {"s/+", "s", false},
           {"s/+/b", "s/a/b", true},   {"s/+/b", "s/b", false},
           {"s/+/b", "s/a/c", false},  {"s/+/b", "s/a/c/b", false},
           {"s/+/b*", "s/a/bc", true}, {"s/+/b*", "s/a/b/c", true},
           {"s/+/b*", "s/a/c", false}, {"+/a", "s/a", true},
           {"s/+/+", "s/a/b", true},   {"s/+/+", "s/a", false},
           {"*", "s/a", true},         {"s/a+", "s/ab", false},
       }) {
    const Secret token = NewToken({Rule{row.rule, {"read"}}});
    EXPECT_EQ(CapabilitiesOf(token, row.path), row.matches ? read : deny)
        << row.rule << " on " << row.path;
  }
}

struct Contest {
  const char* reads;    // this rule says read
  const char* updates;  // this one update
  const char* path;
  const char* winner;
};

TEST_F(VaultPolicyContractTest, LetsTheMostSpecificRuleAloneDecide) {
  for (const Contest& row : std::vector<Contest>{
           {"s/*", "s/a", "s/a", "update"},
           {"s/*", "s/a", "s/b", "read"},
           {"s/+", "s/a", "s/a", "update"},
           {"s/*", "s/a/*", "s/a/x", "update"},
           {"s/*", "s/a/*", "s/a", "read"},
           {"s/*", "s/a*", "s/ab", "update"},
           {"s/+/b", "s/*", "s/a/b", "read"},
           {"s/+/b", "s/a/*", "s/a/b", "update"},
           {"s/+/+", "s/a/+", "s/a/b", "update"},
           {"s/+/b", "s/a/+", "s/a/b", "update"},
           {"s/+/+", "s/+/b", "s/a/b", "update"},
           {"s/+/b/+", "s/+/+/c", "s/a/b/c", "read"},
           {"s/+/*", "s/+/b", "s/a/b", "update"},
       }) {
    const Secret token =
        NewToken({Rule{row.reads, {"read"}}, Rule{row.updates, {"update"}}});
    EXPECT_EQ(CapabilitiesOf(token, row.path), Names{row.winner})
        << row.reads << " against " << row.updates << " on " << row.path;
    const Names apart{NewPolicy({{row.updates, {"update"}}}),
                      NewPolicy({{row.reads, {"read"}}})};
    EXPECT_EQ(CapabilitiesOf(NewToken(apart), row.path), Names{row.winner})
        << "in two policies: " << row.reads << " against " << row.updates;
  }
}

TEST_F(VaultPolicyContractTest, JoinsPoliciesOnTheIdenticalPath) {
  const Names both{NewPolicy({{"s/a", {"read"}}}),
                   NewPolicy({{"s/a", {"update", "list"}}})};
  EXPECT_EQ(CapabilitiesOf(NewToken(both), "s/a"),
            (Names{"list", "read", "update"}));
}

TEST_F(VaultPolicyContractTest, LetsDenyWinOnTheIdenticalPathOnly) {
  const std::string deny = NewPolicy({{"s/a", {"deny"}}});
  const std::string allow = NewPolicy({{"s/a", {"read"}}});
  EXPECT_EQ(CapabilitiesOf(NewToken(Names{deny, allow}), "s/a"), Names{"deny"});
  EXPECT_EQ(CapabilitiesOf(NewToken(Names{allow, deny}), "s/a"), Names{"deny"});
  const Secret mixed = NewToken({Rule{"s/a", {"deny", "read"}}});
  EXPECT_EQ(CapabilitiesOf(mixed, "s/a"), Names{"deny"});
  // Which is why no policy of ours relies on deny.
  const Secret exact = NewToken({Rule{"s/*", {"deny"}}, Rule{"s/a", {"read"}}});
  EXPECT_EQ(CapabilitiesOf(exact, "s/a"), Names{"read"});
  EXPECT_EQ(CapabilitiesOf(exact, "s/b"), Names{"deny"});
}

TEST_F(VaultPolicyContractTest, ListsFoldersUnderEitherSpelling) {
  const Names list{"list"};
  const Names deny{"deny"};
  const Secret with = NewToken({Rule{"s/a/", {"list"}}});
  EXPECT_EQ(CapabilitiesOf(with, "s/a/"), list);
  EXPECT_EQ(CapabilitiesOf(with, "s/a"), deny);
  const Secret without = NewToken({Rule{"s/a", {"list"}}});
  EXPECT_EQ(CapabilitiesOf(without, "s/a/"), list);
  EXPECT_EQ(CapabilitiesOf(without, "s/a"), list);
  const Secret segment = NewToken({Rule{"s/+/", {"list"}}});
  EXPECT_EQ(CapabilitiesOf(segment, "s/a/"), list);
}

TEST_F(VaultPolicyContractTest, AllowsEachVerbByItsOwnCapability) {
  const std::string kv = NewKv();
  ASSERT_TRUE(vault::WriteKv2(api(), root(), kv, "old", "{}", 0));
  const std::string old_data = kv + "/data/old";
  const std::string new_data = kv + "/data/new";
  const std::string folder = kv + "/metadata";
  const auto outcomes = [&](const Names& capabilities) {
    const Secret token =
        NewToken({Rule{old_data, capabilities}, Rule{new_data, capabilities},
                  Rule{folder + "/", capabilities}});
    const auto one = [&](Verb verb, const std::string& path,
                         const std::string& body = "") {
      const std::string outcome = Outcome(token, verb, path, body);
      return outcome == "ok" ? "1" : outcome == "permission_denied" ? "0" : "?";
    };
    const std::string body = R"({"data":{}})";
    std::string all = one(Verb::kRead, old_data);
    all += one(Verb::kList, folder);
    all += one(Verb::kWrite, new_data, body);
    all += one(Verb::kWrite, old_data, body);
    all += one(Verb::kDelete, new_data);
    EXPECT_TRUE(vault::RemoveKv2(api(), root(), kv, "new"));
    return all;
  };
  // read, list, create, update, delete
  EXPECT_EQ(outcomes({"read"}), "10000");
  EXPECT_EQ(outcomes({"list"}), "01000");
  EXPECT_EQ(outcomes({"create"}), "00100");
  EXPECT_EQ(outcomes({"update"}), "00010");
  EXPECT_EQ(outcomes({"delete"}), "00001");
  EXPECT_EQ(outcomes({"deny"}), "00000");
  EXPECT_EQ(outcomes({"read", "list", "create", "update", "delete"}), "11111");
}

TEST_F(VaultPolicyContractTest, HoldsALiveTokenToThePolicyAsItIsNow) {
  const std::string kv = NewKv();
  ASSERT_TRUE(vault::WriteKv2(api(), root(), kv, "a", "{}", 0));
  const std::string path = kv + "/data/a";
  const std::string policy = NewPolicy({{path, {"read"}}});
  const Secret token = NewToken(Names{policy});
  EXPECT_EQ(Outcome(token, Verb::kRead, path), "ok");
  ASSERT_TRUE(vault::WritePolicy(api(), root(), policy,
                                 PolicyText({{kv + "/data/b", {"read"}}})));
  EXPECT_EQ(Outcome(token, Verb::kRead, path), "permission_denied");
  ASSERT_TRUE(vault::WritePolicy(api(), root(), policy,
                                 PolicyText({{path, {"read"}}})));
  EXPECT_EQ(Outcome(token, Verb::kRead, path), "ok");
  ASSERT_TRUE(vault::DeletePolicy(api(), root(), policy));
  EXPECT_EQ(Outcome(token, Verb::kRead, path), "permission_denied");
}

TEST_F(VaultPolicyContractTest, GivesATokenAPolicyThatComesLater) {
  const std::string policy = Fresh("contract.later");
  const Secret token = NewToken(Names{policy});
  EXPECT_EQ(CapabilitiesOf(token, "s/a"), Names{"deny"});
  ASSERT_TRUE(vault::WritePolicy(api(), root(), policy,
                                 PolicyText({{"s/a", {"read"}}})));
  EXPECT_EQ(CapabilitiesOf(token, "s/a"), Names{"read"});
}

TEST_F(VaultPolicyContractTest, TellsATokenItsOwnCapabilities) {
  const Secret token =
      NewToken({Rule{"sys/capabilities-self", {"update"}},
                Rule{"s/a", {"read", "list"}}, Rule{"s/+/x", {"deny"}}});
  const auto own = Capabilities(api(), token, token, {"s/a", "s/b", "s/c/x"});
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_THAT(own->at("s/a"), ::testing::UnorderedElementsAre("read", "list"));
  EXPECT_EQ(own->at("s/b"), Names{"deny"});
  EXPECT_EQ(own->at("s/c/x"), Names{"deny"});
  EXPECT_EQ(*Capabilities(api(), root(), root(), {"s/a"}),
            (std::map<std::string, Names>{{"s/a", {"root"}}}));
  const Secret without = NewToken({Rule{"s/a", {"read"}}});
  EXPECT_EQ(CodeOf(Capabilities(api(), without, without, {"s/a"})),
            "permission_denied");
}

}  // namespace
}  // namespace claviger::testing
