// SPDX-License-Identifier: Apache-2.0
//
// Clients that come over TCP have to know the pod's secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/scram.h"
#include "postgres/wire.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LoopbackTest : public FrontBed {
 protected:
  LoopbackTest() { front_->SetSecret(Secret("pod secret")); }

  static std::string FirstMessage(const postgres::ScramClient& scram) {
    const std::string first = scram.ClientFirst();
    std::string body;
    postgres::AppendText(body, "SCRAM-SHA-256");
    postgres::AppendInt32(body, static_cast<uint32_t>(first.size()));
    return Message('p', body + first);
  }

  // As far as the client's proof; what the sidecar says to it.
  std::string Prove(Wire& client, const std::string& password) {
    postgres::ScramClient scram({}, "clientnonce", nullptr);
    client.Say(Startup());
    EXPECT_EQ(client.HearMessage(), SaslOffer({"SCRAM-SHA-256"}));
    client.Say(FirstMessage(scram));
    const std::string challenge = BodyOf('R', client.HearMessage()).substr(4);
    const auto reply = scram.OnServerFirst(challenge, password);
    EXPECT_TRUE(reply);
    client.Say(Message('p', *reply));
    const std::string answer = client.HearMessage();
    if (answer[0] == 'R') {
      EXPECT_TRUE(scram.OnServerFinal(BodyOf('R', answer).substr(4)));
    }
    return answer;
  }
};

TEST_F(LoopbackTest, LetsClientsInThatKnowTheSecret) {
  Wire client = ConnectTcp();
  EXPECT_EQ(Prove(client, "pod secret")[0], 'R');
  Wire server = Accept();
  LetIn(server);
  EXPECT_EQ(client.HearMessage(), Authentication(0));
}

TEST_F(LoopbackTest, RefusesOthersBeforeAnythingIsAskedOrOpened) {
  Wire client = ConnectTcp();
  const std::string answer = Prove(client, "guess");
  EXPECT_THAT(answer, HasSubstr("28P01"));
  EXPECT_THAT(answer, Not(HasSubstr("pod secret")));
  EXPECT_EQ(client.HearEnd(), "");
  client.Close();
  EXPECT_EQ(access_.obtained, 0);
  EXPECT_TRUE(NobodyCame());
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].outcome, "Unauthenticated");
}

TEST_F(LoopbackTest, RefusesWhatIsNoProof) {
  for (const std::string& said :
       {Message('Q', "SELECT 1"), Message('p', ""), Message('p', "pod secret"),
        std::string("p\xff\xff\xff\xff", 5), std::string("p\0\0\0\0", 5)}) {
    Wire client = ConnectTcp();
    client.Say(Startup());
    client.HearMessage();
    client.Say(said);
    EXPECT_EQ(HearError(client).sqlstate, "28P01");
  }
  EXPECT_TRUE(NobodyCame());
}

TEST_F(LoopbackTest, IsClosedWithoutASecret) {
  Restart({});
  Wire client = ConnectTcp();
  EXPECT_EQ(client.HearEnd(), "");
}

}  // namespace
}  // namespace claviger::testing
