// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using postgres::ReadFirstPacket;
using postgres::StartupPacket;
using ::testing::HasSubstr;
using ::testing::Not;

class FrontTest : public FrontBed {};

// "osuser" is what libpq fills in; nothing of it reaches the server.
TEST_F(FrontTest, LogsInAsTheConnectionSaysAndCarriesBothWays) {
  access_.facts().endpoint.database = "dw";
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  const auto packet = ReadFirstPacket(LetIn(server));
  ASSERT_TRUE(std::holds_alternative<StartupPacket>(packet.value));
  const auto& parameters = std::get<StartupPacket>(packet.value).parameters;
  EXPECT_EQ(*postgres::Find(parameters, "user"), "app");
  EXPECT_EQ(*postgres::Find(parameters, "database"), "dw");
  EXPECT_EQ(*postgres::Find(parameters, "application_name"), "reports/nightly");

  EXPECT_EQ(client.HearMessage(), Authentication(0));
  EXPECT_EQ(client.HearMessage(), ParameterStatus("server_version", "15.1"));
  EXPECT_EQ(client.HearMessage()[0], 'K');
  EXPECT_EQ(client.HearMessage(), Message('Z', "I"));
  client.Say(Message('Q', "SELECT 1"));
  EXPECT_EQ(server.HearMessage(), Message('Q', "SELECT 1"));
  server.Say(Message('D', "row") + Message('Z', "I"));
  EXPECT_EQ(client.HearMessage(), Message('D', "row"));
  EXPECT_EQ(client.HearMessage(), Message('Z', "I"));
  EXPECT_EQ(opened_, 1);
}

TEST_F(FrontTest, PassesTheEndOfEitherSideOn) {
  Pair first = Open();
  first.client.Say(Message('X'));
  first.client.Close();
  EXPECT_EQ(first.server.HearEnd(), Message('X'));

  Pair second = Open();
  second.server.Say(Message('E', "last words"));
  second.server.Close();
  EXPECT_EQ(second.client.HearEnd(), Message('E', "last words"));
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_EQ(reports_[0].outcome, "ended");
  EXPECT_EQ(reports_[0].bytes_to_server, Message('X').size());
  EXPECT_TRUE(reports_[0].opened);
  EXPECT_EQ(front_->sessions(), 0U);
}

TEST_F(FrontTest, KeepsThePasswordFromTheServerUnlessItProvesToKnowIt) {
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  server.Say(Authentication(3));
  EXPECT_EQ(HearError(client).sqlstate, "08004");
  EXPECT_THAT(server.HearEnd(), Not(HasSubstr("canary")));
}

TEST_F(FrontTest, NeverTellsTheClientTheServersKey) {
  for (const uint32_t minor : {0U, 2U}) {
    const Pair pair = Open(minor);
    EXPECT_THAT(pair.greeting, Not(HasSubstr("kkkk")));
    EXPECT_THAT(pair.greeting, Not(HasSubstr(std::string("\0\0\x12\x67", 4))));
  }
}

TEST_F(FrontTest, GivesKeysOfTheProtocolThatIsSpoken) {
  for (const auto& [minor, size] : {std::pair{0U, 4U}, std::pair{2U, 32U}}) {
    const Pair pair = Open(minor);
    const size_t at = pair.greeting.find('K');
    const auto head = postgres::ReadHead(pair.greeting.substr(at));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->body_size, 4 + size);
  }
}

TEST_F(FrontTest, TellsWhatItDoesNotSpeak) {
  Wire client = Connect();
  client.Say(
      postgres::MakeStartup(9'999, {{"user", "u"}, {"_pq_.test_option", "1"}}));
  Wire server = Accept();
  const std::string startup = LetIn(server, std::string(32, 'k'));
  EXPECT_THAT(startup, Not(HasSubstr("_pq_")));
  std::string body;
  postgres::AppendInt32(body, (3U << 16U) | 2U);
  postgres::AppendInt32(body, 1);
  postgres::AppendText(body, "_pq_.test_option");
  EXPECT_EQ(client.HearMessage(), Message('v', body));
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(FrontTest, RotationLeavesOpenSessionsAloneAndServesNewOnes) {
  Pair old = Open();
  access_.SetPassword("app_2", "another");
  front_->Review();
  old.client.Say(Message('Q', "SELECT 1"));
  EXPECT_EQ(old.server.HearMessage(), Message('Q', "SELECT 1"));

  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  EXPECT_THAT(LetIn(server), HasSubstr("app_2"));
}

TEST_F(FrontTest, ARotationCutsNoneOfFiveHundredSessions) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 500; ++i) pairs.push_back(Open());
  access_.SetPassword("app_2", "another");
  front_->Review();
  for (Pair& pair : pairs) {
    pair.client.Say(Message('Q', "COMMIT"));
    EXPECT_EQ(pair.server.HearMessage(), Message('Q', "COMMIT"));
  }
  EXPECT_EQ(front_->sessions(), 500U);
  EXPECT_TRUE(reports_.empty());
}

// A lease that ends: the server's own error, which says whether to try again,
// and the next session has the next user.
TEST_F(FrontTest, PassesTheServersWordOnWhenItEndsATransaction) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "BEGIN"));
  pair.server.HearMessage();
  pair.server.Say(Message('Z', "T"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "T"));
  const std::string ended =
      Refusal("57P01", "terminating connection due to administrator command");
  pair.server.Say(ended);
  pair.server.Close();
  access_.SetPassword("v-next", "another");
  EXPECT_EQ(pair.client.HearEnd(), ended);
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  EXPECT_THAT(LetIn(server), HasSubstr("v-next"));
}

TEST_F(FrontTest, WritesNoMoreThanTheClientReads) {
  Pair pair = Open();
  std::string head = "D";
  postgres::AppendInt32(head, 1U << 30U);
  pair.server.Say(head);
  constexpr size_t kMost = size_t{64} << 20U;
  const size_t taken =
      pair.server.SayUntilFull(std::string(size_t{64} << 10U, 'x'), kMost);
  // Socket buffers, and one piece.
  EXPECT_LT(taken, size_t{16} << 20U);
  EXPECT_EQ(pair.client.Hear(5), head);
  EXPECT_EQ(pair.client.Hear(taken), std::string(taken, 'x'));
}

TEST_F(FrontTest, TriesTheOtherHostsWhereOneIsDown) {
  const int port = *access_.facts().endpoint.port;
  access_.facts().endpoint.port = 1;
  access_.facts().endpoint.hosts = {"127.0.0.1:" + std::to_string(port)};
  const Pair pair = Open();
  EXPECT_EQ(pair.greeting[0], 'R');
}

TEST_F(FrontTest, BoundsTheSessions) {
  sidecar::proxy::pg::FrontLimits limits;
  limits.max_sessions = 1;
  Restart(limits);
  const Pair pair = Open();
  Wire client = Connect();
  client.Say(Startup());
  EXPECT_EQ(HearError(client).sqlstate, "53300");
}

TEST_F(FrontTest, SaysGoodbyeWhenItStops) {
  Pair pair = Open();
  front_->BeginStop(std::chrono::seconds(5));
  const postgres::ErrorFields error = HearError(pair.client);
  EXPECT_EQ(error.sqlstate, "57P01");
  EXPECT_THAT(error.hint, HasSubstr("sales/warehouse"));
  pair.server.HearEnd();
}

TEST_F(FrontTest, LetsTransactionsEndWhenItStops) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "BEGIN"));
  pair.server.HearMessage();
  pair.server.Say(Message('Z', "T"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "T"));
  front_->BeginStop(std::chrono::seconds(5));
  EXPECT_EQ(Connect().HearEnd(), "");  // no more come in
  EXPECT_TRUE(pair.client.IsQuiet());
  pair.client.Say(Message('Q', "COMMIT"));
  EXPECT_EQ(pair.server.HearMessage(), Message('Q', "COMMIT"));
  pair.server.Say(Message('Z', "I"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "I"));
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
  EXPECT_EQ(front_->sessions(), 0U);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].outcome, "stopped");
}

TEST_F(FrontTest, CutsTransactionsOffThatDoNotEndWhileItStops) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "BEGIN"));
  pair.server.HearMessage();
  pair.server.Say(Message('Z', "T"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "T"));
  front_->BeginStop(std::chrono::milliseconds(50));
  EXPECT_EQ(HearError(pair.client).sqlstate, "57P01");
}

}  // namespace
}  // namespace claviger::testing
