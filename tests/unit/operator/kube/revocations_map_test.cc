// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/revocations_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/fake_kube.h"

namespace claviger::testing {
namespace {

using model::Ended;
using op::RevocationsMap;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const kube::ObjectName kName{"claviger-system", "revocations"};
const Ended kGrant{"Grant", {"sales", "nightly"}, "uid-1", 3};
const Ended kConnection{"Connection", {"sales", "warehouse"}, "uid-2", 1};

class RevocationsMapTest : public ::testing::Test {
 protected:
  RevocationsMapTest() {
    kube_.Apply(kube::kNamespaces, KubeObject("", kName.ns));
  }
  RevocationsMap Make() {
    return {client_, kName, [this] { return leads_; }};
  }
  std::vector<Ended> Stored() {
    const auto read = Make().Load();
    EXPECT_TRUE(read);
    return read ? *read : std::vector<Ended>();
  }

  FakeClock clock_;
  FakeKube kube_{clock_};
  kube::Client client_{kube_};
  bool leads_ = true;
};

TEST_F(RevocationsMapTest, IsEmptyWhereThereIsNone) {
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(RevocationsMapTest, GivesBackWhatAnotherWrote) {
  RevocationsMap map = Make();
  ASSERT_TRUE(map.Save({kGrant}));
  EXPECT_THAT(Stored(), ElementsAre(kGrant));
  ASSERT_TRUE(map.Save({kGrant, kConnection}));
  EXPECT_THAT(Stored(), ElementsAre(kGrant, kConnection));
  ASSERT_TRUE(map.Save({}));
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(RevocationsMapTest, NeverWritesOverWhatItDidNotRead) {
  RevocationsMap mine = Make();
  RevocationsMap other = Make();
  ASSERT_TRUE(mine.Load());
  ASSERT_TRUE(other.Save({kGrant}));
  EXPECT_EQ(mine.Save({kConnection}).error().code, ErrorCode::kConflict);
  EXPECT_THAT(Stored(), ElementsAre(kGrant));
  ASSERT_TRUE(mine.Load());
  ASSERT_TRUE(other.Save({kConnection}));
  EXPECT_EQ(mine.Save({}).error().code, ErrorCode::kConflict);
  EXPECT_THAT(Stored(), ElementsAre(kConnection));
}

TEST_F(RevocationsMapTest, DeletedByHandItMustBeReadAnew) {
  RevocationsMap map = Make();
  ASSERT_TRUE(map.Save({kGrant}));
  kube_.Delete(kube::kConfigMaps, kName);
  EXPECT_EQ(map.Save({kGrant, kConnection}).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(map.Load());
  EXPECT_TRUE(map.Save({kGrant, kConnection}));
}

TEST_F(RevocationsMapTest, WithoutLeadershipNothingIsWritten) {
  leads_ = false;
  EXPECT_EQ(Make().Save({kGrant}).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(kube_.Peek(kube::kConfigMaps, kName).is_null());
}

TEST_F(RevocationsMapTest, WhatIsNotOursIsAnErrorAndNotNothing) {
  nlohmann::json map = KubeObject(kName.ns, kName.name);
  map["data"] = {{"pending.json", "{}"}};
  kube_.Apply(kube::kConfigMaps, map);
  EXPECT_EQ(Make().Load().error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace claviger::testing
