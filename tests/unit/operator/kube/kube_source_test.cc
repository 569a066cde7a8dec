// SPDX-License-Identifier: Apache-2.0
//
// Objects that arrive while others are being protected.
#include "operator/kube/kube_source.h"

#include <gtest/gtest.h>

#include "operator/kube/revocations_map.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"
#include "unit/operator/kube/api_objects.h"

namespace claviger::testing {
namespace {

using op::ObjectKind;
using op::ObjectStore;

class KubeSourceTest : public ::testing::Test {
 protected:
  KubeSourceTest() {
    for (const auto part :
         {ObjectStore::Part::kConnections, ObjectStore::Part::kGrants,
          ObjectStore::Part::kGroups, ObjectStore::Part::kPods,
          ObjectStore::Part::kAccounts}) {
      store_.SetSynced(part);
    }
  }

  /// A user creates it, and the informer tells.
  void Create(ObjectKind kind, const nlohmann::json& object) {
    nlohmann::json made = object;
    for (const char* field : {"uid", "resourceVersion", "generation"}) {
      made["metadata"].erase(field);
    }
    made["metadata"].erase("finalizers");
    const auto stored = kube_.Apply(op::ResourceOf(kind), made);
    ASSERT_TRUE(store_.Put(kind, stored.dump()));
  }

  void CreateGrants(int count) {
    for (int i = 0; i < count; ++i) {
      Create(ObjectKind::kGrant,
             ApiGrant("sales", "many-" + std::to_string(i), "warehouse"));
    }
  }

  // How many Grants the next piece holds; -1 where there is none.
  int NextPiece() {
    const auto edits = source_.ReadEdits();
    return edits ? static_cast<int>(edits->grants.size()) : -1;
  }

  FakeClock clock_;
  FakeKube kube_{clock_};
  kube::Client client_{kube_};
  ObjectStore store_;
  NullLogger log_;
  op::Finalizers finalizers_{client_, store_, [] { return true; }};
  op::RevocationsMap pending_{
      client_, {"claviger-system", "revocations"}, [] { return true; }};
  op::Departures departures_{{client_, store_, pending_, clock_, log_},
                             std::chrono::minutes(5)};
  op::KubeSource source_{store_, finalizers_, departures_, log_};
};

TEST_F(KubeSourceTest, LooksAgainForWhatCameWhileFinalizersWereWritten) {
  Create(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  bool came = false;
  kube_.SetHook(
      [&](const kube::Request& request,
          FakeKube::When when) -> std::optional<Result<kube::Response>> {
        if (request.method == "PATCH" && when == FakeKube::When::kAfter) {
          came = true;
        }
        return std::nullopt;
      });
  // As the informer's own thread would, between two of Read's steps.
  op::Finalizers interrupted(client_, store_, [&] {
    if (!came) {
      Create(ObjectKind::kGrant, ApiGrant("sales", "nightly", "warehouse"));
    }
    return true;
  });
  op::KubeSource source(store_, interrupted, departures_, log_);
  const auto first = source.Read();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->connections.size(), 1U);
  EXPECT_EQ(first->grants.size(), 0U);
  ASSERT_TRUE(source.Changed());
  const auto second = source.Read();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->grants.size(), 1U);
  EXPECT_FALSE(source.Changed());
}

TEST_F(KubeSourceTest, LooksAgainAfterAConflictThatNoEventTellsOf) {
  Create(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  kube_.Answer("PATCH", 409, 3);  // as often as is tried
  ASSERT_TRUE(source_.Read());
  ASSERT_TRUE(source_.Changed());
  const auto second = source_.Read();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->connections.size(), 1U);
  EXPECT_FALSE(source_.Changed());
}

TEST_F(KubeSourceTest, HandsOutManyNewGrantsInPiecesAndOthersBetweenThem) {
  Create(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  ASSERT_TRUE(source_.Read());
  CreateGrants(20);
  EXPECT_EQ(NextPiece(), 8);
  Create(ObjectKind::kGrant, ApiGrant("finance", "one", "books"));
  EXPECT_EQ(NextPiece(), 8);
  const auto other = source_.ReadEdits();
  ASSERT_TRUE(other);
  ASSERT_EQ(other->grants.size(), 1U);
  EXPECT_EQ(other->grants[0]->metadata.ns, "finance");
  EXPECT_EQ(NextPiece(), 4);
  EXPECT_FALSE(source_.Changed());
}

// Where everything has to be read again, a batch that is new is not waited for.
TEST_F(KubeSourceTest, ProtectsAPieceAtAReadAndTheOthersAfterwards) {
  Create(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  ASSERT_TRUE(source_.Read());
  CreateGrants(20);
  const auto read = source_.Read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->grants.size(), 8U);
  EXPECT_TRUE(source_.Changed());
  EXPECT_EQ(NextPiece(), 8);
  EXPECT_EQ(NextPiece(), 4);
  EXPECT_FALSE(source_.Changed());
}

// With nothing in force yet, nobody's edit could wait.
TEST_F(KubeSourceTest, ProtectsEverythingAtTheFirstRead) {
  Create(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  CreateGrants(20);
  const auto read = source_.Read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->grants.size(), 20U);
  EXPECT_FALSE(source_.Changed());
}

}  // namespace
}  // namespace claviger::testing
