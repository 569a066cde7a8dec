// SPDX-License-Identifier: Apache-2.0
#include "access/principal.h"

#include <gtest/gtest.h>

#include <set>

#include "access/caller.h"

namespace claviger::testing {
namespace {

using access::Principal;

TEST(PrincipalTest, HasAnIdOfCheckedNamesAndHashes) {
  EXPECT_EQ(IdOf(Principal::ServiceAccount("reports", "nightly")),
            "sa.reports.nightly");
  EXPECT_EQ(IdOf(Principal::ClaimGroup("finance")), "claim.finance");
  EXPECT_EQ(IdOf(Principal::EveryoneServiceAccount()), "everyone.sa");
  EXPECT_EQ(IdOf(Principal::EveryoneUser()), "everyone.user");
  // printf %s alice | sha256sum
  EXPECT_EQ(IdOf(Principal::User("alice")),
            "user.2bd806c97f0e00af1a1fc3328fa763a9");
}

TEST(PrincipalTest, NamesWhatIsItsInVault) {
  const Principal nightly = Principal::ServiceAccount("reports", "nightly");
  EXPECT_EQ(VaultNameOf("prod-eu", nightly),
            "claviger.prod-eu.sa.reports.nightly");
  EXPECT_EQ(BindingsPathOf("prod-eu", nightly),
            "prod-eu/bindings/sa.reports.nightly");
  EXPECT_EQ(BindingsPathOf("prod-eu", nightly, 2),
            "prod-eu/bindings/sa.reports.nightly/2");
  EXPECT_EQ(PersonalPathOf("prod-eu", nightly, "a-1", "c-2"),
            "prod-eu/personal/sa.reports.nightly/a-1/c-2");
}

// A service account's name may hold dots, a namespace's may not: where one
// would be read as the other, two principals would share a policy.
TEST(PrincipalTest, NeverSharesAnId) {
  const std::vector<Principal> all = {
      Principal::ServiceAccount("a", "b.c"),
      Principal::ServiceAccount("a-b", "c"),
      Principal::ServiceAccount("a", "b-c"),
      Principal::ServiceAccount("sa", "everyone"),
      Principal::ServiceAccount("everyone", "user"),
      Principal::User("a.b"),
      Principal::User("sa.a.b.c"),
      Principal::User("A.b"),
      Principal::ClaimGroup("a.b.c"),
      Principal::ClaimGroup("sa"),
      Principal::EveryoneServiceAccount(),
      Principal::EveryoneUser()};
  std::set<std::string> ids;
  for (const Principal& one : all) ids.insert(IdOf(one));
  EXPECT_EQ(ids.size(), all.size());
}

std::string RoundTrip(std::string_view text) {
  const Result<access::Caller> caller = access::ParseCaller(text);
  return caller ? ToString(*caller) : "refused";
}

TEST(CallerTest, ReadsBothForms) {
  for (const char* text : {"sa/reports/nightly", "sa/a/b.c", "user/alice",
                           "user/alice@corp.example", "user/sa/reports/x"}) {
    EXPECT_EQ(RoundTrip(text), text);
  }
}

TEST(CallerTest, RefusesEverythingElse) {
  for (const char* text : {"",
                           "alice",
                           "sa/",
                           "sa/reports",
                           "sa/reports/",
                           "sa//nightly",
                           "sa/reports/night*",
                           "sa/Reports/nightly",
                           "sa/a.b/c",
                           "sa/a/b/c",
                           "user/",
                           "user/a\"b",
                           "user/a*",
                           "user/a+",
                           "user/..",
                           "user/%2e",
                           "user/ROOT",
                           "user/{{identity.entity.name}}",
                           "group/x",
                           "User/alice"}) {
    EXPECT_EQ(RoundTrip(text), "refused") << text;
  }
  EXPECT_EQ(RoundTrip("user/" + std::string(300, 'a')), "refused");
}

}  // namespace
}  // namespace claviger::testing
