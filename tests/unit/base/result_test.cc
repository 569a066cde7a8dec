// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

namespace claviger {
namespace {

TEST(ResultTest, OnlyWhatMayPassByItselfIsRetryable) {
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kSealed, ErrorCode::kRateLimited,
        ErrorCode::kDeadlineExceeded}) {
    EXPECT_TRUE(IsRetryable(code)) << ToString(code);
  }
  for (const ErrorCode code :
       {ErrorCode::kInvalidArgument, ErrorCode::kUnauthenticated,
        ErrorCode::kPermissionDenied, ErrorCode::kNotFound,
        ErrorCode::kConflict, ErrorCode::kTooLarge, ErrorCode::kMalformed,
        ErrorCode::kRedirected, ErrorCode::kUnsupported,
        ErrorCode::kInternal}) {
    EXPECT_FALSE(IsRetryable(code)) << ToString(code);
  }
}

TEST(ResultTest, HandingAnErrorOnKeepsItsCodeAndSaysWhatWasDone) {
  Error error{ErrorCode::kRateLimited, "too many requests",
              std::chrono::milliseconds(500)};
  const Result<int> result = Fail(error, "read policy");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(result.error().message, "read policy: too many requests");
  EXPECT_EQ(result.error().retry_after, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace claviger
