// SPDX-License-Identifier: Apache-2.0
#include "base/json_member.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace claviger {
namespace {

using nlohmann::json;

const json kPod = {{"metadata", {{"name", "web"}, {"a/b", "slash"}}},
                   {"count", 3}};

TEST(JsonMemberTest, GivesAMemberOrNull) {
  EXPECT_EQ(MemberAt(kPod, "count"), 3);
  EXPECT_TRUE(MemberAt(kPod, "absent").is_null());
  EXPECT_TRUE(MemberAt(json::array({"name"}), "name").is_null());
}

TEST(JsonMemberTest, GivesATextOrNone) {
  EXPECT_EQ(TextAt(kPod.at("metadata"), "name"), "web");
  EXPECT_EQ(TextAt(kPod.at("metadata"), "a/b"), "slash");
  EXPECT_EQ(TextAt(kPod, "count"), "");
  EXPECT_EQ(TextAt(kPod, "absent"), "");
  EXPECT_EQ(TextAt(json("name"), "name"), "");
}

TEST(JsonMemberTest, FollowsAPointerAsFarAsItGoes) {
  EXPECT_EQ(TextAtPath(kPod, "/metadata/name"), "web");
  EXPECT_EQ(TextAtPath(kPod, "/metadata/a~1b"), "slash");
  EXPECT_EQ(TextAtPath(kPod, "/metadata"), "");
  EXPECT_EQ(TextAtPath(kPod, "/metadata/name/deeper"), "");
  EXPECT_EQ(TextAtPath(kPod, "/absent/name"), "");
}

}  // namespace
}  // namespace claviger
