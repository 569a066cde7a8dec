// SPDX-License-Identifier: Apache-2.0
#include "postgres/turns.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/postgres/played_server.h"

namespace claviger::postgres {
namespace {

using testing::Message;

const std::string kReady = Message('Z', "I");

TEST(TurnsTest, WaitsForTheAnswerOfEachQuestionThatWasSentAhead) {
  Turns turns;
  EXPECT_TRUE(turns.is_idle());
  turns.FromClient(Message('Q', "SELECT 1") + Message('Q', "SELECT 2"));
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(kReady);
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(kReady);
  EXPECT_TRUE(turns.is_idle());
}

TEST(TurnsTest, CountsTheSyncOfTheExtendedProtocol) {
  Turns turns;
  turns.FromClient(Message('P') + Message('B') + Message('E') + Message('H'));
  EXPECT_FALSE(turns.is_idle());  // it was not asked for the end yet
  turns.FromServer(Message('1') + Message('2') + Message('C'));
  EXPECT_FALSE(turns.is_idle());
  turns.FromClient(Message('S'));
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(kReady);
  EXPECT_TRUE(turns.is_idle());
}

TEST(TurnsTest, ATransactionAndPartsOfMessagesAreNotIdle) {
  Turns turns('T');
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(kReady);
  EXPECT_TRUE(turns.is_idle());
  turns.FromServer("N");
  EXPECT_FALSE(turns.at_boundary());
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(Message('N', "x").substr(1));
  EXPECT_TRUE(turns.is_idle());
  turns.FromClient("Q");
  EXPECT_FALSE(turns.is_idle());
  EXPECT_TRUE(turns.at_boundary());
}

// libpq's PQexecParams sends a Sync with the COPY, and another one behind it;
// the server answers the second.
TEST(TurnsTest, ACopyMayTakeASyncWithIt) {
  Turns turns;
  turns.FromClient(Message('P') + Message('B') + Message('E') + Message('S'));
  turns.FromServer(Message('1') + Message('2') + Message('G', "copy"));
  EXPECT_FALSE(turns.is_idle());
  turns.FromClient(Message('d', "row") + Message('c') + Message('S'));
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(Message('C', "COPY 1") + kReady);
  EXPECT_TRUE(turns.is_idle());
}

TEST(TurnsTest, ACopyThatBeginsBehindAnAnswerIsNotIdle) {
  Turns turns;
  turns.FromClient(Message('Q', "SELECT 1") + Message('Q', "COPY"));
  turns.FromServer(kReady + Message('G', "copy"));
  EXPECT_FALSE(turns.is_idle());
  turns.FromServer(Message('C', "COPY 0") + kReady);
  EXPECT_TRUE(turns.is_idle());
}

TEST(TurnsTest, IsNeverIdleAgainAfterWhatCannotBe) {
  Turns turns;
  turns.FromClient(std::string("Q\0\0\0\1", 5));
  turns.FromServer(kReady);
  EXPECT_FALSE(turns.is_idle());
}

}  // namespace
}  // namespace claviger::postgres
