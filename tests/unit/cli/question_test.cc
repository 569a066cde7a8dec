// SPDX-License-Identifier: Apache-2.0
#include "cli/question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace claviger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

QuestionOptions AQuestion(const std::string& as) {
  QuestionOptions options;
  options.as = as;
  options.connection = "sales/warehouse";
  return options;
}

class QuestionTest : public ::testing::Test {
 protected:
  AskedQuestion Read(const QuestionOptions& options) {
    auto asked = ReadQuestion(options, clock_);
    EXPECT_TRUE(asked.has_value()) << asked.error().message;
    return asked ? std::move(*asked) : AskedQuestion{};
  }

  std::string ErrorOf(const QuestionOptions& options) {
    auto asked = ReadQuestion(options, clock_);
    if (asked) return "no error";
    EXPECT_EQ(asked.error().code, ErrorCode::kInvalidArgument);
    return asked.error().message;
  }

  testing::FakeClock clock_;
};

TEST_F(QuestionTest, AServiceAccountIsItsOwnCarrier) {
  const AskedQuestion asked = Read(AQuestion("sa/reports/nightly"));
  EXPECT_EQ(ToString(asked.caller), "sa/reports/nightly");
  ASSERT_TRUE(asked.question.carrier.has_value());
  EXPECT_EQ(ToString(*asked.question.carrier), "reports/nightly");
}

TEST_F(QuestionTest, AUserHasACarrierOnlyIfGiven) {
  EXPECT_FALSE(Read(AQuestion("user/alice")).question.carrier.has_value());
  QuestionOptions options = AQuestion("user/alice");
  options.carrier = "sa/bi/web";
  EXPECT_EQ(ToString(*Read(options).question.carrier), "bi/web");
}

TEST_F(QuestionTest, ClaimsOfOneNameAreTakenTogether) {
  QuestionOptions options = AQuestion("user/alice");
  options.claims = {"groups=a,b", "team=x", "groups=c", "none=", "eq=a=b"};
  EXPECT_THAT(
      Read(options).caller.claims,
      ElementsAre(Pair("eq", ElementsAre("a=b")),
                  Pair("groups", ElementsAre("a", "b", "c")),
                  Pair("none", IsEmpty()), Pair("team", ElementsAre("x"))));
}

TEST_F(QuestionTest, AClaimOfAServiceAccountIsIgnoredWithANote) {
  QuestionOptions options = AQuestion("sa/reports/nightly");
  options.claims = {"groups=a"};
  const AskedQuestion asked = Read(options);
  EXPECT_THAT(asked.caller.claims, IsEmpty());
  EXPECT_THAT(asked.note, HasSubstr("--claim"));
}

TEST_F(QuestionTest, WithoutATimeItIsTheClocks) {
  EXPECT_EQ(Read(AQuestion("user/alice")).now, clock_.Now());
  QuestionOptions options = AQuestion("user/alice");
  options.at = "2026-12-01T01:00:00+01:00";
  EXPECT_EQ(FormatRfc3339(Read(options).now), "2026-12-01T00:00:00Z");
}

TEST_F(QuestionTest, CarriesDeliveryHintAndEnrolment) {
  QuestionOptions options = AQuestion("user/alice");
  options.deliver = "disclose";
  options.slot = "grant/x";
  options.enrolled = true;
  const AskedQuestion asked = Read(options);
  EXPECT_EQ(asked.question.delivery, access::Delivery::kDisclose);
  EXPECT_EQ(asked.question.slot, "grant/x");
  EXPECT_TRUE(asked.question.enrolled);
}

TEST_F(QuestionTest, ErrorsNameTheOption) {
  EXPECT_THAT(ErrorOf(AQuestion("alice")), HasSubstr("--as"));
  EXPECT_THAT(ErrorOf(AQuestion("")), HasSubstr("--as"));
  QuestionOptions options = AQuestion("user/alice");
  options.carrier = "web";
  EXPECT_THAT(ErrorOf(options), HasSubstr("--carrier"));
  options = AQuestion("user/alice");
  options.at = "2026-13-01T00:00:00Z";
  EXPECT_THAT(ErrorOf(options), HasSubstr("--at"));
  options = AQuestion("user/alice");
  options.claims = {"=x"};
  EXPECT_THAT(ErrorOf(options), HasSubstr("--claim"));
  options = AQuestion("user/alice");
  options.connection = "warehouse";
  EXPECT_THAT(ErrorOf(options), HasSubstr("NAMESPACE/NAME"));
}

TEST_F(QuestionTest, NamesThatNoObjectCanHaveAreNoConnection) {
  for (const char* name :
       {"", "/", "sales/", "/warehouse", "Sales/warehouse", "sales/a b",
        "sales/a*", "sales/../x", "sales/war\xc3\xa9house", "a/b/c"}) {
    EXPECT_FALSE(ReadConnectionRef(name).has_value()) << name;
  }
  EXPECT_TRUE(ReadConnectionRef("sales/ware.house-2").has_value());
}

}  // namespace
}  // namespace claviger::cli
