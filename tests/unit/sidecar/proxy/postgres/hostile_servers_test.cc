// SPDX-License-Identifier: Apache-2.0
//
// Servers that are not what the Connection says, or lie.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/scram_server.h"
#include "postgres/wire.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostileServersTest : public FrontBed {
 protected:
  // What a client hears of a server that says this at once.
  postgres::ErrorFields ErrorAfter(const std::string& said) {
    Wire client = Connect();
    client.Say(Startup());
    Wire server = Accept();
    server.Hear(8);
    server.Say(said);
    const postgres::ErrorFields error = HearError(client);
    EXPECT_THAT(error.hint, HasSubstr("sales/warehouse"));
    EXPECT_THAT(server.HearEnd(), Not(HasSubstr("canary")));
    return error;
  }

  void WantTls() {
    access_.facts().endpoint.tls = {};
    access_.facts().endpoint.insecure = false;
    // Some authority, so that the system's is not read.
    access_.facts().endpoint.tls.mode = "require";
  }
};

TEST_F(HostileServersTest, EndInErrorsThatNameConnectionAndReason) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {Authentication(3), "08004"},
      {Authentication(5, "salt"), "08004"},
      {Authentication(9), "08004"},
      {Message('D', "x"), "08001"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "08001"},
      {Refusal("", "no reason"), "08004"},
      {Refusal("53300", "too many clients already"), "53300"},
      {Refusal("3D000", "database \"dw\" does not exist"), "3D000"},
      {std::string("R\x40\0\0\0", 5), "08001"},
  };
  for (const auto& [said, sqlstate] : cases) {
    EXPECT_EQ(ErrorAfter(said).sqlstate, sqlstate) << said;
  }
}

TEST_F(HostileServersTest, AreNotSpokenToWithoutTlsWhereItIsWanted) {
  WantTls();
  for (const char* answer : {"N", "E", "x"}) {
    Wire client = Connect();
    client.Say(Startup());
    Wire server = Accept();
    EXPECT_EQ(server.Hear(8), postgres::MakeSslRequest());
    server.Say(answer);
    const postgres::ErrorFields error = HearError(client);
    EXPECT_EQ(error.sqlstate, "08001");
    EXPECT_EQ(server.HearEnd(), "");
  }
}

// CVE-2021-23222: what is sent in plaintext behind the answer is not taken for
// what came through TLS.
TEST_F(HostileServersTest, CannotPutPlaintextBehindTheirAnswer) {
  WantTls();
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  server.Say("S" + Authentication(0) + Welcome());
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "08001");
  EXPECT_THAT(error.hint, HasSubstr("UpstreamUntrusted"));
}

TEST_F(HostileServersTest, ThatRefuseTheCredentialAreTriedOnceMore) {
  access_.on_replace = [this] { access_.SetPassword("app", "the-next-one"); };
  Wire client = Connect();
  client.Say(Startup());
  Wire first = Accept();
  first.Hear(8);
  first.Say(Refusal("28P01", "password authentication failed"));
  Wire second = Accept();
  LetIn(second);
  EXPECT_EQ(client.HearMessage(), Authentication(0));
  EXPECT_EQ(access_.replaced, 1);
}

TEST_F(HostileServersTest, ThatRefuseForGoodAreNotTriedAgain) {
  access_.on_replace = [this] { access_.SetPassword("app", "the-next-one"); };
  Wire client = Connect();
  client.Say(Startup());
  for (int i = 0; i < 2; ++i) {
    Wire server = Accept();
    server.Hear(8);
    server.Say(Refusal("28P01", "the-canary-password is wrong"));
  }
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "28P01");
  EXPECT_THAT(error.message, Not(HasSubstr("canary")));
  EXPECT_THAT(error.hint, HasSubstr("CredentialRefused"));
  EXPECT_TRUE(NobodyCame());
  EXPECT_EQ(access_.replaced, 1);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].outcome, "CredentialRefused");
  EXPECT_EQ(reports_[0].sqlstate, "28P01");
}

TEST_F(HostileServersTest, ProveThatTheyKnowThePassword) {
  for (const char* known : {"the-canary-password", "something else"}) {
    const auto verifier = postgres::MakeScramVerifier(known, "salt", 4'096);
    postgres::ScramServer scram(verifier, "servernonce");
    Wire client = Connect();
    client.Say(Startup());
    Wire server = Accept();
    const std::string head = server.Hear(4);
    server.Hear(*postgres::Cursor(head).Int32() - 4);
    server.Say(SaslOffer({"SCRAM-SHA-256"}));
    const std::string first = BodyOf('p', server.HearMessage());
    server.Say(Authentication(11, *scram.OnClientFirst(first.substr(18))));
    const auto final = scram.OnClientFinal(BodyOf('p', server.HearMessage()));
    EXPECT_EQ(final.has_value(), known == std::string("the-canary-password"));
    // The second lets everybody in, without a proof of its own.
    server.Say((final ? Authentication(12, *final) : "") + Authentication(0) +
               Welcome());
    if (final) {
      EXPECT_EQ(client.HearMessage(), Authentication(0));
    } else {
      EXPECT_THAT(HearError(client).hint, HasSubstr("UpstreamUntrusted"));
    }
  }
}

TEST_F(HostileServersTest, CannotHaveThePasswordHashedForMinutes) {
  for (const char* iterations : {"2147483648", "100001", "1"}) {
    Wire client = Connect();
    client.Say(Startup());
    Wire server = Accept();
    const std::string head = server.Hear(4);
    server.Hear(*postgres::Cursor(head).Int32() - 4);
    server.Say(SaslOffer({"SCRAM-SHA-256"}));
    const std::string first = BodyOf('p', server.HearMessage());
    const std::string nonce = first.substr(first.find("r=") + 2);
    server.Say(
        Authentication(11, "r=" + nonce + "x,s=c2FsdA==,i=" + iterations));
    EXPECT_EQ(HearError(client).sqlstate, "08001");
    EXPECT_EQ(server.HearEnd(), "");
  }
}

TEST_F(HostileServersTest, ThatCloseMidwayAreSaidToBeUnavailable) {
  Wire client = Connect();
  client.Say(Startup());
  {
    Wire server = Accept();
    server.Hear(8);
  }
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "08001");
  EXPECT_THAT(error.hint, HasSubstr("UpstreamUnavailable"));
}

TEST_F(HostileServersTest, ThatSendGarbageLaterHarmNobodyElse) {
  Pair broken = Open();
  Pair sound = Open();
  broken.server.Say(std::string("\0\0\0\0\0garbage", 12));
  EXPECT_EQ(broken.client.Hear(12), std::string("\0\0\0\0\0garbage", 12));
  sound.server.Say(Message('D', "row"));
  EXPECT_EQ(sound.client.HearMessage(), Message('D', "row"));
}

}  // namespace
}  // namespace claviger::testing
