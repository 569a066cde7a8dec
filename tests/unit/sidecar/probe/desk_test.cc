// SPDX-License-Identifier: Apache-2.0
//
// How often connections are tested, and that those who wait for one test are
// all told.
#include "sidecar/probe/desk.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "unit/sidecar/probe/played_probe.h"

namespace claviger::sidecar::probe {
namespace {

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() { probe_.holds = true; }

  proxy::Permit PermitFor(const std::string& name) {
    auto& kept = kept_[name];
    if (kept.facts == nullptr) {
      auto facts = std::make_shared<access::ConnectionFacts>();
      facts->ref = {"sales", name};
      kept.facts = facts;
      kept.slot = "default";
      kept.credential = std::make_shared<const Credential>();
    }
    return kept;
  }
  bool Ask(const std::string& name) {
    return desk_.Ask(probe_, PermitFor(name), {},
                     [this](const Report&) { ++told_; });
  }

  testing::FakeClock clock_;
  testing::PlayedProbe probe_;
  std::map<std::string, proxy::Permit> kept_;
  int told_ = 0;
  Desk desk_{clock_};
};

TEST_F(DeskTest, TestsOnceForAllWhoAskMeanwhile) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Ask("warehouse"));
  EXPECT_EQ(probe_.begun.size(), 1U);
  EXPECT_EQ(told_, 0);
  probe_.FinishAll({});
  EXPECT_EQ(told_, 20);
}

TEST_F(DeskTest, AnotherSecretIsAnotherTest) {
  EXPECT_TRUE(Ask("warehouse"));
  kept_["warehouse"].credential = std::make_shared<const Credential>();
  EXPECT_TRUE(Ask("warehouse"));
  EXPECT_EQ(probe_.begun.size(), 2U);
}

TEST_F(DeskTest, TestsAConnectionThriceAtOnceAndThenOnceInTenSeconds) {
  probe_.holds = false;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Ask("warehouse"));
  EXPECT_FALSE(Ask("warehouse"));
  EXPECT_TRUE(Ask("lake"));
  clock_.Advance(std::chrono::seconds(9));
  EXPECT_FALSE(Ask("warehouse"));
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(Ask("warehouse"));
  EXPECT_FALSE(Ask("warehouse"));
  EXPECT_EQ(told_, 5);
}

TEST_F(DeskTest, TestsFewConnectionsAtATime) {
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_TRUE(Ask(name));
  EXPECT_FALSE(Ask("e"));
  probe_.FinishAll({});
  EXPECT_TRUE(Ask("e"));
}

}  // namespace
}  // namespace claviger::sidecar::probe
