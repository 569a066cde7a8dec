// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that end while Vault is away.
#include "operator/endings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::testing {
namespace {

using model::Ended;
using op::Endings;
using op::PassReport;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Notes final : public op::PendingRevocations {
 public:
  Result<std::vector<Ended>> Load() override {
    if (broken) return Fail(ErrorCode::kUnavailable, "load: away");
    return kept;
  }
  Status Save(const std::vector<Ended>& endings) override {
    if (broken) return Fail(ErrorCode::kUnavailable, "save: away");
    kept = endings;
    ++saves;
    return {};
  }
  std::vector<Ended> kept;
  int saves = 0;
  bool broken = false;
};

const Ended kGrant{"Grant", {"sales", "nightly"}, "uid-1", 4};
const Ended kConnection{"Connection", {"sales", "warehouse"}, "uid-2", 1};

PassReport Away() {
  PassReport report;
  report.interrupted = Error{ErrorCode::kUnavailable, "vault is away", {}};
  return report;
}

class EndingsTest : public ::testing::Test {
 protected:
  static SteadyTime At(int minute) { return SteadyTime(minutes(minute)); }
  std::vector<Ended> Carried(Endings& endings) {
    model::Objects objects;
    EXPECT_TRUE(endings.AddTo(objects.ended));
    return objects.ended;
  }
  Notes notes_;
  Endings endings_{notes_, minutes(5)};
};

TEST_F(EndingsTest, WaitsForVaultBeforePuttingAnythingOff) {
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(0)));
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(4)));
  EXPECT_FALSE(endings_.MayGo("uid-1"));
  EXPECT_EQ(notes_.saves, 0);
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(5)));
  EXPECT_TRUE(endings_.MayGo("uid-1"));
  EXPECT_THAT(notes_.kept, ElementsAre(kGrant));
}

TEST_F(EndingsTest, APassThatReachedVaultStartsTheWaitAnew) {
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(0)));
  ASSERT_TRUE(endings_.After(PassReport(), {}, At(3)));
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(6)));
  EXPECT_FALSE(endings_.MayGo("uid-1"));
}

TEST_F(EndingsTest, NothingMayGoThatIsNotWrittenDown) {
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(0)));
  notes_.broken = true;
  EXPECT_FALSE(endings_.After(Away(), {kGrant}, At(9)));
  EXPECT_FALSE(endings_.MayGo("uid-1"));
}

TEST_F(EndingsTest, IsCarriedOutByAnotherProcessWhenVaultIsBack) {
  ASSERT_TRUE(endings_.After(Away(), {kGrant, kConnection}, At(0)));
  ASSERT_TRUE(endings_.After(Away(), {kGrant, kConnection}, At(5)));
  Endings next(notes_, minutes(5));
  EXPECT_THAT(Carried(next), ElementsAre(kGrant, kConnection));
  ASSERT_TRUE(next.After(PassReport(), {}, At(6)));
  EXPECT_THAT(notes_.kept, IsEmpty());
  EXPECT_THAT(Carried(next), IsEmpty());
}

TEST_F(EndingsTest, APassThatDidNotSettleForgetsNothing) {
  notes_.kept = {kGrant};
  EXPECT_THAT(Carried(endings_), ElementsAre(kGrant));
  PassReport failed;
  failed.failures.push_back(
      {"sa.a.b", Error{ErrorCode::kUnavailable, "away", {}}, false});
  ASSERT_TRUE(endings_.After(failed, {}, At(0)));
  EXPECT_THAT(notes_.kept, ElementsAre(kGrant));
}

TEST_F(EndingsTest, APassThatDidNotKnowOfItDoesNotCarryItOut) {
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(0)));
  ASSERT_TRUE(endings_.After(Away(), {kGrant}, At(5)));
  ASSERT_TRUE(endings_.After(PassReport(), {}, At(6)));
  EXPECT_THAT(notes_.kept, ElementsAre(kGrant));
}

TEST_F(EndingsTest, WhatCannotBeReadIsNotTakenForNothing) {
  notes_.broken = true;
  model::Objects objects;
  EXPECT_FALSE(endings_.AddTo(objects.ended));
}

TEST_F(EndingsTest, AFixpointSavesNothing) {
  notes_.kept = {kGrant};
  Carried(endings_);
  ASSERT_TRUE(endings_.After(PassReport(), {}, At(0)));
  Carried(endings_);
  ASSERT_TRUE(endings_.After(PassReport(), {}, At(1)));
  EXPECT_EQ(notes_.saves, 1);
}

TEST_F(EndingsTest, KeepsToItsBound) {
  std::vector<Ended> many;
  for (size_t i = 0; i < op::kMaxPendingRevocations + 1; ++i) {
    many.push_back({"Grant", {"sales", "g"}, "uid-" + std::to_string(i), 1});
  }
  ASSERT_TRUE(endings_.After(Away(), many, At(0)));
  ASSERT_TRUE(endings_.After(Away(), many, At(5)));
  EXPECT_EQ(notes_.kept.size(), op::kMaxPendingRevocations);
  EXPECT_FALSE(endings_.MayGo(many.back().uid));
}

TEST(EndingsTextTest, IsReadBackAsWritten) {
  const std::vector<Ended> endings = {kGrant, kConnection};
  const auto read = op::DecodeEndings(op::EncodeEndings(endings));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, endings);
}

TEST(EndingsTextTest, RefusesWhatIsNotOurs) {
  for (const char* text : {"", "{}", "[1]", R"([{"kind":"Grant"}])", "[[]]"}) {
    const auto read = op::DecodeEndings(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kMalformed) << text;
  }
}

}  // namespace
}  // namespace claviger::testing
