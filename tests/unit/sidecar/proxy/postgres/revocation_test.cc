// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const sidecar::Problem kDenied{"Denied", "a Grant denies it", "ask the owner"};

class RevocationTest : public FrontBed {
 protected:
  void Grace(milliseconds grace) {
    sidecar::proxy::pg::FrontLimits limits;
    limits.revocation_grace = grace;
    Restart(limits);
  }
};

TEST_F(RevocationTest, EndsAnIdleSessionAtOnceWithAReason) {
  Pair pair = Open();
  access_.problem = kDenied;
  front_->Review();
  const postgres::ErrorFields error = HearError(pair.client);
  EXPECT_EQ(error.sqlstate, "57P01");
  EXPECT_THAT(error.hint, HasSubstr("sales/warehouse: Denied"));
  pair.server.HearEnd();
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].outcome, "revoked");
}

TEST_F(RevocationTest, LetsATransactionEnd) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "BEGIN"));
  pair.server.HearMessage();
  pair.server.Say(Message('Z', "T"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "T"));
  access_.problem = kDenied;
  front_->Review();
  EXPECT_TRUE(pair.client.IsQuiet());
  pair.client.Say(Message('Q', "COMMIT"));
  EXPECT_EQ(pair.server.HearMessage(), Message('Q', "COMMIT"));
  pair.server.Say(Message('Z', "I"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "I"));
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
}

TEST_F(RevocationTest, LetsWhatWasSentAheadBeAnswered) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "one") + Message('Q', "two"));
  pair.server.Hear(2 * Message('Q', "one").size());
  pair.server.Say(Message('Z', "I"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "I"));
  access_.problem = kDenied;
  front_->Review();
  EXPECT_TRUE(pair.client.IsQuiet());
  pair.server.Say(Message('C', "two") + Message('Z', "I"));
  EXPECT_EQ(pair.client.HearMessage(), Message('C', "two"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "I"));
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
}

// What a server says behind the login counts, too.
TEST_F(RevocationTest, DoesNotSpeakIntoWhatTheServerBeganWithTheLogin) {
  Grace(milliseconds(50));
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  const std::string notice = Message('N', "Mmaintenance soon");
  server.Say(Authentication(0) + Welcome() + notice.substr(0, 7));
  while (client.HearMessage()[0] != 'Z') {
  }
  EXPECT_EQ(client.Hear(7), notice.substr(0, 7));
  access_.problem = kDenied;
  front_->Review();
  EXPECT_EQ(client.HearEnd(), "");
}

TEST_F(RevocationTest, EndsATransactionThatDoesNotEndInTime) {
  Grace(milliseconds(50));
  Pair pair = Open();
  pair.client.Say(Message('Q', "BEGIN"));
  pair.server.HearMessage();
  pair.server.Say(Message('Z', "T"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "T"));
  access_.problem = kDenied;
  front_->Review();
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
}

// In the middle of a row nothing can be said.
TEST_F(RevocationTest, EndsASessionInTheMiddleOfAMessageWithoutAWord) {
  Grace(milliseconds(50));
  Pair pair = Open();
  pair.client.Say(Message('Q', "SELECT"));
  pair.server.HearMessage();
  const std::string row = Message('D', "a long row");
  pair.server.Say(row.substr(0, 8));
  EXPECT_EQ(pair.client.Hear(8), row.substr(0, 8));
  access_.problem = kDenied;
  front_->Review();
  EXPECT_EQ(pair.client.HearEnd(), "");
}

TEST_F(RevocationTest, EndsSessionsWhoseCredentialIsAnothersNow) {
  Pair pair = Open();
  access_.permit.slot = "grant/other";
  access_.permit.vault.path = "sales/other";
  front_->Review();
  const postgres::ErrorFields error = HearError(pair.client);
  EXPECT_EQ(error.sqlstate, "57P01");
  EXPECT_THAT(error.hint, HasSubstr("SlotChanged"));
}

TEST_F(RevocationTest, LeavesSessionsOpenWhereVaultIsAway) {
  Pair pair = Open();
  access_.problem = sidecar::Problem{"BackendUnavailable", "away", ""};
  front_->Review();
  EXPECT_TRUE(pair.client.IsQuiet());
  EXPECT_EQ(front_->sessions(), 1U);
}

TEST_F(RevocationTest, LooksAgainWhenAWindowEnds) {
  access_.permit.valid_until = clock_.Now() + milliseconds(150);
  Pair pair = Open();
  access_.problem = kDenied;
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
}

TEST_F(RevocationTest, CatchesASessionOnItsWayIn) {
  Pair open = Open();
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  access_.problem = kDenied;
  front_->Review();
  LetIn(server);
  EXPECT_EQ(HearError(client).sqlstate, "57P01");
}

}  // namespace
}  // namespace claviger::testing
