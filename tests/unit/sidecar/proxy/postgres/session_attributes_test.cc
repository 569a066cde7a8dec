// SPDX-License-Identifier: Apache-2.0
//
// Several servers behind one Connection, of which not each will do.
#include "sidecar/proxy/postgres/session_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using sidecar::proxy::pg::Fit;
using sidecar::proxy::pg::FitOf;
using sidecar::proxy::pg::ParseSessionAttributes;
using sidecar::proxy::pg::SessionAttributes;
using ::testing::HasSubstr;

std::string Reports(bool standby, bool read_only) {
  return ParameterStatus("in_hot_standby", standby ? "on" : "off") +
         ParameterStatus("default_transaction_read_only",
                         read_only ? "on" : "off");
}

TEST(SessionAttributesTest, JudgesByWhatTheServerReports) {
  struct Case {
    const char* word;
    bool primary, read_only_primary, standby;
  };
  for (const auto& [word, primary, read_only_primary, standby] :
       {Case{"any", true, true, true}, Case{"read-write", true, false, false},
        Case{"read-only", false, true, true},
        Case{"primary", true, true, false}, Case{"standby", false, false, true},
        Case{"prefer-standby", false, false, true}}) {
    SCOPED_TRACE(word);
    const auto wanted = ParseSessionAttributes(word);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(FitOf(*wanted, Reports(false, false)) == Fit::kYes, primary);
    EXPECT_EQ(FitOf(*wanted, Reports(false, true)) == Fit::kYes,
              read_only_primary);
    EXPECT_EQ(FitOf(*wanted, Reports(true, false)) == Fit::kYes, standby);
  }
  EXPECT_EQ(ParseSessionAttributes(""), SessionAttributes::kAny);
  EXPECT_FALSE(ParseSessionAttributes("readwrite"));
}

TEST(SessionAttributesTest, BelievesNoServerThatDoesNotSay) {
  for (const std::string& greeting :
       {std::string(), ParameterStatus("server_version", "13.1"),
        ParameterStatus("in_hot_standby", "off"),
        std::string("S\0\0\0\x40in", 7), Message('S', "in_hot_standby"),
        Message('N', "in_hot_standby")}) {
    EXPECT_NE(FitOf(SessionAttributes::kReadWrite, greeting), Fit::kYes);
    EXPECT_EQ(FitOf(SessionAttributes::kAny, greeting), Fit::kYes);
  }
}

class SeveralServersTest : public FrontBed {
 protected:
  void Want(const std::string& attributes, int hosts) {
    access_.facts().endpoint.parameters["target_session_attrs"] = attributes;
    const std::string host =
        "127.0.0.1:" + std::to_string(*access_.facts().endpoint.port);
    access_.facts().endpoint.host.clear();
    access_.facts().endpoint.hosts.assign(static_cast<size_t>(hosts), host);
  }

  // The next server that is connected to lets everybody in, and reports this.
  Wire LetInAs(const std::string& reports) {
    Wire server = Accept();
    const std::string head = server.Hear(4);
    server.Hear(*postgres::Cursor(head).Int32() - 4);
    server.Say(Authentication(0) + reports + Welcome());
    return server;
  }
};

TEST_F(SeveralServersTest, AreTriedInTurnForOneThatCanBeWritten) {
  Want("read-write", 3);
  Wire client = Connect();
  client.Say(Startup());
  Wire standby = LetInAs(Reports(true, false));
  EXPECT_EQ(standby.HearEnd(), Message('X'));  // it is told goodbye
  Wire starting = Accept();
  starting.Hear(8);
  starting.Say(Refusal("57P03", "the database system is starting up"));
  Wire primary = LetInAs(Reports(false, false));
  EXPECT_EQ(client.HearMessage(), Authentication(0));
  EXPECT_EQ(client.HearMessage(), ParameterStatus("in_hot_standby", "off"));
  client.Say(Message('Q', "INSERT"));
  EXPECT_EQ(primary.HearMessage(), Message('Q', "INSERT"));
}

TEST_F(SeveralServersTest, EndInAnErrorWhereNoneWillDo) {
  Want("read-write", 2);
  Wire client = Connect();
  client.Say(Startup());
  const Wire first = LetInAs(Reports(true, false));
  const Wire second = LetInAs(Reports(false, true));
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "08001");
  EXPECT_THAT(error.message, HasSubstr("target_session_attrs"));
  EXPECT_TRUE(NobodyCame());
}

TEST_F(SeveralServersTest, AnyWillDoWhereNoneIsAsPreferred) {
  Want("prefer-standby", 2);
  Wire client = Connect();
  client.Say(Startup());
  const Wire first = LetInAs(Reports(false, false));
  const Wire second = LetInAs(Reports(false, false));
  const Wire again = LetInAs(Reports(false, false));
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(SeveralServersTest, AnyWillDoWhereTheOneThatIsPreferredIsDown) {
  Want("prefer-standby", 1);
  access_.facts().endpoint.hosts.push_back("127.0.0.1:1");
  Wire client = Connect();
  client.Say(Startup());
  const Wire first = LetInAs(Reports(false, false));
  const Wire again = LetInAs(Reports(false, false));
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(SeveralServersTest, SayWhyNoneIsReady) {
  Want("any", 1);
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  server.Say(Refusal("57P03", "the database system is starting up"));
  EXPECT_EQ(HearError(client).sqlstate, "57P03");
}

// A password that one of them refuses is no reason to show it to the next.
TEST_F(SeveralServersTest, AreNotTriedInTurnWithACredentialThatIsRefused) {
  Want("any", 2);
  Wire client = Connect();
  client.Say(Startup());
  for (int i = 0; i < 2; ++i) {  // the second with the credential fetched anew
    Wire server = Accept();
    server.Hear(8);
    server.Say(Refusal("28P01", "no"));
  }
  EXPECT_EQ(HearError(client).sqlstate, "28P01");
  EXPECT_TRUE(NobodyCame());
}

}  // namespace
}  // namespace claviger::testing
