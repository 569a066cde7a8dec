// SPDX-License-Identifier: Apache-2.0
//
// Clients that speak out of turn, too much, or another protocol.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

std::string GssRequest() {
  std::string packet;
  postgres::AppendInt32(packet, 8);
  postgres::AppendInt32(packet, (1234U << 16U) | 5680U);
  return packet;
}

class HostileClientsTest : public FrontBed {};

TEST_F(HostileClientsTest, AnswersEachWishForEncryptionWithOneByte) {
  Wire client = Connect();
  client.Say(GssRequest());
  EXPECT_EQ(client.Hear(1), "N");
  client.Say(postgres::MakeSslRequest());
  EXPECT_EQ(client.Hear(1), "N");
  client.Say(Startup());
  Wire server = Accept();
  LetIn(server);
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(HostileClientsTest, AnswersBothWishesInTheOtherOrder) {
  Wire client = Connect();
  client.Say(postgres::MakeSslRequest());
  EXPECT_EQ(client.Hear(1), "N");
  client.Say(GssRequest());
  EXPECT_EQ(client.Hear(1), "N");
  client.Say(Startup());
  Wire server = Accept();
  LetIn(server);
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(HostileClientsTest, RefusesTheSameWishTwice) {
  for (const std::string& wish : {postgres::MakeSslRequest(), GssRequest()}) {
    Wire client = Connect();
    client.Say(wish);
    EXPECT_EQ(client.Hear(1), "N");
    client.Say(wish);
    EXPECT_EQ(HearError(client).sqlstate, "08P01");
  }
  EXPECT_TRUE(NobodyCame());
}

TEST_F(HostileClientsTest, RefusesWhatIsPipelinedBehindAWishForEncryption) {
  Wire client = Connect();
  client.Say(postgres::MakeSslRequest() + Startup());
  EXPECT_EQ(HearError(client).sqlstate, "08P01");
  EXPECT_TRUE(NobodyCame());
}

TEST_F(HostileClientsTest, RefusesTlsWithoutAWish) {
  Wire client = Connect();
  client.Say(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9));
  EXPECT_EQ(HearError(client).sqlstate, "0A000");
}

TEST_F(HostileClientsTest, RefusesReplicationHoweverItIsWritten) {
  for (const auto& [name, value] :
       {std::pair{"replication", "database"}, std::pair{"replication", "true"},
        std::pair{"REPLICATION", "1"}, std::pair{"Replication", "on"},
        std::pair{"replication", ""}}) {
    Wire client = Connect();
    client.Say(postgres::MakeStartup(0, {{"user", "u"}, {name, value}}));
    EXPECT_EQ(HearError(client).sqlstate, "0A000") << name << value;
  }
  EXPECT_TRUE(NobodyCame());
}

TEST_F(HostileClientsTest, RefusesWhatCanBeNoBeginning) {
  for (const std::string& bytes :
       {std::string("\0\0\0\3", 4), std::string("\xff\xff\xff\xff", 4),
        std::string("GET / HTTP/1.1\r\n\r\n"), std::string("Q\0\0\0\x0d", 5)}) {
    Wire client = Connect();
    client.Say(bytes);
    EXPECT_EQ(HearError(client).sqlstate, "08P01");
  }
  EXPECT_EQ(access_.obtained, 0);
}

TEST_F(HostileClientsTest, TakesAStartupPacketByteByByte) {
  Wire client = Connect();
  for (const char byte : Startup()) client.Say(std::string_view(&byte, 1));
  Wire server = Accept();
  LetIn(server);
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

// A client that knows it needs no password may speak before the welcome; the
// server hears it when it is ready, and not before.
TEST_F(HostileClientsTest, HoldsWhatIsSaidBeforeTheWelcome) {
  Wire client = Connect();
  client.Say(Startup() + Message('Q', "SELECT 1"));
  Wire server = Accept();
  LetIn(server);
  EXPECT_EQ(server.HearMessage(), Message('Q', "SELECT 1"));
}

TEST_F(HostileClientsTest, ForgetsClientsThatComeAndGo) {
  for (int i = 0; i < 200; ++i) {
    Wire client = Connect();
    client.Say(Startup().substr(0, static_cast<size_t>(i % 20)));
  }
  Settle();
  EXPECT_EQ(front_->sessions(), 0U);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(HostileClientsTest, ClosesTheServerForAClientThatLeftOnTheWayIn) {
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  client.Close();
  LetIn(server);
  server.HearEnd();
  EXPECT_EQ(front_->sessions(), 0U);
}

}  // namespace
}  // namespace claviger::testing
