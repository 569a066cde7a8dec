// SPDX-License-Identifier: Apache-2.0
#include "operator/vault_names.h"

#include <gtest/gtest.h>

namespace claviger::op {
namespace {

using access::Principal;

TEST(VaultNamesTest, AreThoseOfTheAccessRules) {
  for (const Principal& principal :
       {Principal::EveryoneServiceAccount(), Principal::EveryoneUser(),
        Principal::ServiceAccount("reports", "nightly"),
        Principal::ServiceAccount("reports", "night.ly"),
        Principal::User("alice"), Principal::ClaimGroup("finance")}) {
    const std::string id = IdOf(principal);
    const VaultNames names("prod", id);
    EXPECT_EQ(names.rights, VaultNameOf("prod", principal));
    EXPECT_EQ(names.entry, BindingsPathOf("prod", principal));
    EXPECT_EQ(names.Part(0), BindingsPathOf("prod", principal, 0));
    EXPECT_EQ(names.Part(3), BindingsPathOf("prod", principal, 3));
    EXPECT_TRUE(IsPrincipalId(id)) << id;
    if (principal.kind != Principal::Kind::kUser) {
      EXPECT_EQ(PrincipalOf(id), principal) << id;
    }
  }
}

TEST(VaultNamesTest, WhatIsNoIdIsNone) {
  for (const char* id : {"", "sa.", "sa.reports", "sa.reports.", "sa..nightly",
                         "sa.A.b", "user.alice", "user.", "claim.", "everyone",
                         "everyone.all", "sa.reports.nightly/", "root",
                         "user.0123456789abcdef0123456789abcdeG"}) {
    EXPECT_FALSE(IsPrincipalId(id)) << id;
  }
}

}  // namespace
}  // namespace claviger::op
