// SPDX-License-Identifier: Apache-2.0
#include "http/message.h"

#include <gtest/gtest.h>

namespace claviger::http {
namespace {

TEST(MessageTest, NamesEachMethodAsItIsSent) {
  EXPECT_EQ(ToString(Method::kGet), "GET");
  EXPECT_EQ(ToString(Method::kHead), "HEAD");
  EXPECT_EQ(ToString(Method::kPost), "POST");
  EXPECT_EQ(ToString(Method::kPut), "PUT");
  EXPECT_EQ(ToString(Method::kPatch), "PATCH");
  EXPECT_EQ(ToString(Method::kDelete), "DELETE");
  EXPECT_EQ(ToString(Method::kList), "LIST");
}

TEST(MessageTest, FindsTheFirstHeaderWithoutRegardToCase) {
  const std::vector<Header> headers = {
      {"Content-Type", "a"}, {"RETRY-after", "7"}, {"retry-after", "8"}};
  EXPECT_EQ(FindHeader(headers, "Retry-After"), "7");
  EXPECT_EQ(FindHeader(headers, "retry"), std::nullopt);
  EXPECT_EQ(FindHeader({}, "Retry-After"), std::nullopt);
}

}  // namespace
}  // namespace claviger::http
