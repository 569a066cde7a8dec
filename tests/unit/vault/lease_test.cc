// SPDX-License-Identifier: Apache-2.0
#include "vault/lease.h"

#include <gtest/gtest.h>

#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using std::chrono::seconds;
using testing::FakeVaultApi;

class LeaseTest : public ::testing::Test {
 protected:
  FakeVaultApi api_;
  Secret token_{std::string("s.1")};
};

TEST_F(LeaseTest, ReadsACredentialWithItsLease) {
  api_.Answer(200, R"({"lease_id":"database/creds/ro/abc",
      "lease_duration":3600,"renewable":true,
      "data":{"username":"u","password":"p"}})");
  const auto leased = ReadLeased(api_, token_, "database/creds/ro", false);
  ASSERT_TRUE(leased) << leased.error().message;
  EXPECT_EQ(leased->lease_id, "database/creds/ro/abc");
  EXPECT_EQ(leased->ttl, seconds(3'600));
  EXPECT_TRUE(leased->renewable);
  EXPECT_EQ(leased->data.Reveal(), R"({"username":"u","password":"p"})");
  EXPECT_EQ(api_.seen().at(0).path, "database/creds/ro");
}

TEST_F(LeaseTest, HandsStrangeDurationsOnWithoutOverflow) {
  for (const auto& [sent, ttl] : {std::pair<std::string, int64_t>{"0", 0},
                                  {"-5", -1},
                                  {"9223372036854775807", 315'360'000},
                                  {"18446744073709551615", -1},
                                  {"\"3600\"", 0}}) {
    api_.Answer(200, R"({"lease_id":"a/b","lease_duration":)" + sent +
                         R"(,"data":{}})");
    const auto leased = ReadLeased(api_, token_, "a/b", false);
    ASSERT_TRUE(leased) << leased.error().message;
    EXPECT_EQ(leased->ttl.count(), ttl) << sent;
    EXPECT_FALSE(leased->renewable);
  }
}

TEST_F(LeaseTest, RefusesWhatIsNoSecret) {
  for (const auto& [body, code] :
       {std::pair<std::string, ErrorCode>{R"({"data":null})",
                                          ErrorCode::kNotFound},
        {R"({})", ErrorCode::kNotFound},
        {R"({"data":[1]})", ErrorCode::kMalformed},
        {R"({"data":{},"lease_id":"a b"})", ErrorCode::kMalformed},
        {R"({"data":{},"lease_id":")" + std::string(1'025, 'x') + R"("})",
         ErrorCode::kMalformed}}) {
    api_.Answer(200, body);
    EXPECT_EQ(ReadLeased(api_, token_, "a/b", true).error().code, code) << body;
  }
  EXPECT_EQ(ReadLeased(api_, token_, "a/../b", true).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(LeaseTest, RenewsByIdAndIncrement) {
  api_.Answer(200, R"({"lease_id":"a/b","lease_duration":60,
                       "renewable":true})");
  const auto renewed = RenewLease(api_, token_, "a/b", seconds(3'600));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->ttl, seconds(60));
  EXPECT_TRUE(renewed->renewable);
  EXPECT_EQ(api_.seen().at(0).path, "sys/leases/renew");
  EXPECT_EQ(api_.seen().at(0).body, R"({"increment":3600,"lease_id":"a/b"})");
  api_.Answer(200, "{}");
  EXPECT_EQ(RenewLease(api_, token_, "a/b", seconds(1)).error().code,
            ErrorCode::kMalformed);
}

TEST_F(LeaseTest, CountsALeaseThatIsGoneAsRevoked) {
  api_.Answer(204, "");
  EXPECT_TRUE(RevokeLease(api_, token_, "a/b"));
  EXPECT_EQ(api_.seen().at(0).body, R"({"lease_id":"a/b"})");
  api_.Break(ErrorCode::kInvalidArgument);
  EXPECT_TRUE(RevokeLease(api_, token_, "a/b"));
  api_.Break(ErrorCode::kUnavailable);
  EXPECT_FALSE(RevokeLease(api_, token_, "a/b"));
}

}  // namespace
}  // namespace claviger::vault
