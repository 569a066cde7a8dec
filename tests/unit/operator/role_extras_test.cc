// SPDX-License-Identifier: Apache-2.0
#include "operator/role_extras.h"

#include <gtest/gtest.h>

namespace claviger::op {
namespace {

constexpr char kWanted[] = R"({"audience":"a","token_ttl":3600})";

TEST(RoleExtrasTest, ServersOwnFieldsDoNotCount) {
  EXPECT_EQ(RoleExtras(kWanted,
                       R"({"audience":"a","token_ttl":3600,"token_type":
                       "default","token_bound_cidrs":[],"token_period":0,
                       "bound_service_account_namespace_selector":"",
                       "alias_name_source":"serviceaccount_uid",
                       "claim_mappings":null,"oidc_scopes":null,
                       "verbose_oidc_logging":false})"),
            "");
}

TEST(RoleExtrasTest, FieldsThatSaySomethingDo) {
  EXPECT_EQ(RoleExtras(kWanted, R"({"audience":"b","token_period":60})"),
            R"({"token_period":60})");
  EXPECT_EQ(RoleExtras(kWanted, R"({"token_type":"batch"})"),
            R"({"token_type":"batch"})");
}

TEST(RoleExtrasTest, WhatIsNoRoleHasNone) {
  EXPECT_EQ(RoleExtras(kWanted, "[]"), "");
  EXPECT_EQ(RoleExtras(kWanted, "not json"), "");
}

}  // namespace
}  // namespace claviger::op
