// SPDX-License-Identifier: Apache-2.0
#include "dev/jws.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "dev/development_issuer.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

TEST(JwsTest, VerifiesWhatItSigned) {
  const auto key = JwsKey::Generate();
  ASSERT_TRUE(key);
  // Signatures are random; their halves may begin with zeros.
  for (int i = 0; i < 600; ++i) {
    const auto token = key->Sign({{"n", i}});
    ASSERT_TRUE(token);
    const auto claims = VerifyJws(*token, {*key});
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->at("n"), i);
  }
}

TEST(JwsTest, FindsTheRightKeyByItsPem) {
  const auto one = JwsKey::Generate();
  const auto two = JwsKey::FromPem(JwsKey::Generate()->PublicPem());
  const auto again = JwsKey::FromPem(one->PublicPem());
  ASSERT_TRUE(two);
  ASSERT_TRUE(again);
  const std::string token = *one->Sign({{"a", 1}});
  EXPECT_TRUE(VerifyJws(token, {*two, *again}));
  const auto refused = VerifyJws(token, {*two});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnauthenticated);
  EXPECT_FALSE(VerifyJws(token, {}));
}

TEST(JwsTest, AnyChangedByteBreaksIt) {
  const auto key = JwsKey::Generate();
  const std::string token = *key->Sign({{"sub", "alice"}});
  for (size_t i = 0; i + 1 < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(VerifyJws(changed, {*key})) << i;
  }
}

TEST(JwsTest, OnlyAKeyThatCanSignDoes) {
  const auto key = JwsKey::FromPem(JwsKey::Generate()->PublicPem());
  EXPECT_FALSE(key->Sign({{"a", 1}}));
}

TEST(JwsTest, RefusesPemThatIsNoUsableKey) {
  for (const char* pem :
       {"", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        // RSA of 1,024 bits
        "-----BEGIN PUBLIC KEY-----\n"
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7vbqajDw4o6gJy8UtmIbkcpnk\n"
        "O3Kwc4qsEnSZp/TR+fQi62F79RHWmwKOtFmwteURgLbj7D/WGuNLGOfa/2vse3G2\n"
        "eHnHl5CB8ruRX9fBl/KgwCVr2JaEuUm66bBQeP5XeBotdR4cvX38uPYivCDdPjJ1\n"
        "QWPdspTBKcxeFbccDwIDAQAB\n"
        "-----END PUBLIC KEY-----\n"}) {
    const auto key = JwsKey::FromPem(pem);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(DevelopmentIssuerTest, WritesTokensAsAKubeletDoes) {
  claviger::testing::FakeClock clock;
  claviger::testing::FakeRandom random;
  const auto issuer = DevelopmentIssuer::Create(clock, random);
  ASSERT_TRUE(issuer);
  const auto key = JwsKey::FromPem((*issuer)->service_account_public_key());
  const auto token = (*issuer)->MintServiceAccountToken(
      "sales", "app", "u-1", "claviger", std::chrono::seconds(600));
  const auto claims = VerifyJws(token->Reveal(), {*key});
  ASSERT_TRUE(claims);
  EXPECT_EQ((*claims)["sub"], "system:serviceaccount:sales:app");
  EXPECT_EQ((*claims)["aud"], json({"claviger"}));
  EXPECT_EQ((*claims)["exp"], (*claims)["iat"].get<int64_t>() + 600);
  EXPECT_EQ((*claims)["kubernetes.io"]["serviceaccount"]["uid"], "u-1");
}

TEST(DevelopmentIssuerTest, UsersClaimsComeOnTop) {
  claviger::testing::FakeClock clock;
  claviger::testing::FakeRandom random;
  const auto issuer = DevelopmentIssuer::Create(clock, random);
  const auto key = JwsKey::FromPem((*issuer)->user_public_key());
  const auto token =
      (*issuer)->MintUserToken("bob", R"({"groups":["g"],"exp":5})");
  const auto claims = VerifyJws(token->Reveal(), {*key});
  EXPECT_EQ((*claims)["sub"], "bob");
  EXPECT_EQ((*claims)["groups"], json({"g"}));
  EXPECT_EQ((*claims)["exp"], 5);
  EXPECT_FALSE((*issuer)->MintUserToken("bob", "[]"));
  EXPECT_FALSE((*issuer)->MintUserToken("bob", "{"));
}

}  // namespace
}  // namespace claviger::dev
