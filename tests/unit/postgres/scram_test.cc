// SPDX-License-Identifier: Apache-2.0
#include "postgres/scram.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "postgres/crypto.h"
#include "postgres/scram_message.h"
#include "postgres/scram_server.h"

namespace claviger::postgres {
namespace {

// RFC 7677, section 3.
TEST(ScramTest, ComputesTheExampleOfTheStandard) {
  const auto salt = Base64Decode("W22ZaJ0SNY7soEsUEjb6gQ==");
  ASSERT_TRUE(salt);
  const ScramKeysPtr keys = MakeScramKeys("pencil", *salt, 4'096);
  const std::string auth_message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const Secret signature =
      HmacSha256(Sha256(keys->client_key.Reveal()), auth_message);
  EXPECT_EQ(
      Base64Encode(
          XorScram(keys->client_key.Reveal(), signature.Reveal()).Reveal()),
      "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_EQ(Base64Encode(
                HmacSha256(keys->server_key.Reveal(), auth_message).Reveal()),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

class ScramPairTest : public ::testing::Test {
 protected:
  // One exchange between our two sides.
  Status Exchange(const std::string& password) {
    ScramClient client({}, "clientnonce", nullptr);
    ScramServer server(verifier_, "servernonce");
    const auto first = server.OnClientFirst(client.ClientFirst());
    if (!first) return Fail(first.error());
    const auto reply = client.OnServerFirst(*first, password);
    if (!reply) return Fail(reply.error());
    const auto final = server.OnClientFinal(*reply);
    if (!final) return Fail(final.error());
    return client.OnServerFinal(*final);
  }

  ScramVerifier verifier_ = MakeScramVerifier("pod secret", "salt", 4'096);
};

TEST_F(ScramPairTest, LetsTheRightPasswordInAndNoOther) {
  EXPECT_TRUE(Exchange("pod secret"));
  const Status wrong = Exchange("pod secre");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(ScramPairTest, ServerRefusesBrokenFirstMessages) {
  for (const char* message :
       {"", "n,", "n,,", "n,,n=,r=", "n,,r=x", "p=tls-unique,,n=,r=x",
        "n,a=other,n=,r=x", "x,,n=,r=x", "n,,n=\0,r=x"}) {
    SCOPED_TRACE(message);
    ScramServer server(verifier_, "servernonce");
    EXPECT_FALSE(server.OnClientFirst(message));
  }
}

TEST_F(ScramPairTest, ServerRefusesAProofForAnotherExchange) {
  ScramClient client({}, "clientnonce", nullptr);
  ScramServer first(verifier_, "servernonce");
  const auto challenge = first.OnClientFirst(client.ClientFirst());
  ASSERT_TRUE(challenge);
  const auto reply = client.OnServerFirst(*challenge, "pod secret");
  ASSERT_TRUE(reply);
  ScramServer second(verifier_, "anothernonce");
  ASSERT_TRUE(second.OnClientFirst(client.ClientFirst()));
  EXPECT_FALSE(second.OnClientFinal(*reply));
}

TEST_F(ScramPairTest, ServerRefusesBrokenFinalMessages) {
  for (const char* message :
       {"", "c=biws", "c=biws,r=clientnonceservernonce",
        "c=biws,r=clientnonceservernonce,p=",
        "c=biws,r=clientnonceservernonce,p=!!!!",
        "c=biws,r=clientnonceservernonce,p=AAAA",
        "c=eSws,r=clientnonceservernonce,p=AAAA", ",p=AAAA"}) {
    SCOPED_TRACE(message);
    ScramServer server(verifier_, "servernonce");
    ASSERT_TRUE(server.OnClientFirst("n,,n=,r=clientnonce"));
    EXPECT_FALSE(server.OnClientFinal(message));
  }
}

TEST(ScramTest, ClientRefusesBrokenFirstMessages) {
  for (const char* message :
       {"", "r=clientnonce", "r=clientnonce,s=c2FsdA==,i=4096",
        "r=other,s=c2FsdA==,i=4096", "r=clientnoncex,s=,i=4096",
        "r=clientnoncex,s=c2Fs*A==,i=4096", "r=clientnoncex,i=4096,s=c2FsdA==",
        "m=x,r=clientnoncex,s=c2FsdA==,i=4096"}) {
    SCOPED_TRACE(message);
    ScramClient client({}, "clientnonce", nullptr);
    EXPECT_FALSE(client.OnServerFirst(message, "pencil"));
  }
}

TEST(ScramTest, ClientRefusesBrokenFinalMessages) {
  ScramClient client({}, "clientnonce", nullptr);
  EXPECT_FALSE(client.OnServerFinal("v=AAAA"));
  ASSERT_TRUE(
      client.OnServerFirst("r=clientnoncex,s=c2FsdA==,i=4096", "pencil"));
  for (const char* message : {"", "v=", "v=AAAA", "e=other-error", "v=?"}) {
    SCOPED_TRACE(message);
    EXPECT_FALSE(client.OnServerFinal(message));
  }
}

TEST(ScramTest, TiesTheExchangeToTheCertificate) {
  ScramClient client({"hash", true}, "clientnonce", nullptr);
  EXPECT_EQ(client.ClientFirst(), "p=tls-server-end-point,,n=,r=clientnonce");
  const auto reply =
      client.OnServerFirst("r=clientnoncex,s=c2FsdA==,i=4096", "pencil");
  ASSERT_TRUE(reply);
  const std::string bound = Base64Encode("p=tls-server-end-point,,hash");
  EXPECT_EQ(reply->substr(0, reply->find(",r=")), "c=" + bound);
}

TEST(ScramTest, DecodesBase64AndNothingElse) {
  EXPECT_EQ(Base64Decode(""), "");
  EXPECT_EQ(Base64Decode("YQ=="), "a");
  EXPECT_EQ(Base64Decode("YWI="), "ab");
  EXPECT_EQ(Base64Decode("YWJj"), "abc");
  for (const char* text :
       {"Y", "YQ", "YQ=", "====", "Y===", "Y Q=", "YQ==\n", "YQ=x", "-_-_"}) {
    EXPECT_FALSE(Base64Decode(text)) << text;
  }
}

}  // namespace
}  // namespace claviger::postgres
