// SPDX-License-Identifier: Apache-2.0
//
// Servers that lie, flood, or speak out of turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/login.h"
#include "postgres/wire.h"
#include "unit/postgres/played_server.h"

namespace claviger::testing {
namespace {

using postgres::Login;
using postgres::LoginFault;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Number(uint32_t number) {
  std::string bytes;
  postgres::AppendInt32(bytes, number);
  return bytes;
}

// As far as the server-first-message, in which `iterations` are asked for.
LoginFault FaultWithIterations(const std::string& iterations) {
  PlayedLogin played(AWish());
  played.Hear(SaslOffer({"SCRAM-SHA-256"}));
  const std::string sent = played.sent();
  const std::string nonce = sent.substr(sent.find("r=") + 2);
  const auto state = played.Hear(
      Authentication(11, "r=" + nonce + "x,s=c2FsdHNhbHQ=,i=" + iterations));
  EXPECT_EQ(state, Login::State::kFailed);
  EXPECT_EQ(played.sent(), "");
  return played.fault();
}

TEST(HostileLoginTest, CapsTheWorkThatAServerCanAskFor) {
  for (const char* count : {"2147483648", "100001", "4095", "0", "-1", "+4096",
                            "4096 ", "", "99999999999999999999"}) {
    SCOPED_TRACE(count);
    EXPECT_EQ(FaultWithIterations(count), LoginFault::kProtocol);
  }
}

TEST(HostileLoginTest, BelievesNoServerThatDoesNotKnowThePassword) {
  PlayedLogin played(AWish());
  played.Hear(SaslOffer({"SCRAM-SHA-256"}));
  const std::string sent = played.sent();
  const std::string nonce = sent.substr(sent.find("r=") + 2);
  ASSERT_EQ(
      played.Hear(Authentication(11, "r=" + nonce + "x,s=c2FsdHNhbHQ=,i=4096")),
      Login::State::kGoing);
  const std::string forged(44, 'A');
  EXPECT_EQ(played.Hear(Authentication(12, "v=" + forged)),
            Login::State::kFailed);
  EXPECT_EQ(played.fault(), LoginFault::kImpostor);
}

TEST(HostileLoginTest, BelievesNoServerThatLeavesItsProofOut) {
  PlayedLogin played(AWish());
  played.Hear(SaslOffer({"SCRAM-SHA-256"}));
  const std::string sent = played.sent();
  const std::string nonce = sent.substr(sent.find("r=") + 2);
  ASSERT_EQ(
      played.Hear(Authentication(11, "r=" + nonce + "x,s=c2FsdHNhbHQ=,i=4096")),
      Login::State::kGoing);
  EXPECT_EQ(played.Hear(Authentication(0)), Login::State::kFailed);
  EXPECT_EQ(played.fault(), LoginFault::kImpostor);
}

TEST(HostileLoginTest, IsNotTalkedDownToAWeakerMethodOnTheWay) {
  postgres::LoginWish wish = AWish();
  wish.methods.cleartext = true;
  wish.methods.md5 = true;
  PlayedLogin played(std::move(wish));
  ASSERT_EQ(played.Hear(SaslOffer({"SCRAM-SHA-256"})), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Authentication(3)), Login::State::kFailed);
  EXPECT_EQ(played.sent(), "");
}

TEST(HostileLoginTest, RefusesWhatCannotBeAtThisPoint) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"rows before the login", Message('D', "x")},
      {"ready before the login", Message('Z', "I")},
      {"parameters before the login", ParameterStatus("a", "b")},
      {"a key before the login", Message('K', "12345678")},
      {"a SASL message out of turn", Authentication(11, "r=x")},
      {"a SASL end out of turn", Authentication(12, "v=x")},
      {"an unknown method", Authentication(7)},
      {"an empty login message", Message('R')},
      {"a list of methods without an end", Authentication(10, "SCRAM")},
      {"a short salt", Authentication(5, "sal")},
      {"http", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"a length below four", std::string("R\0\0\0\3", 5)},
      {"a length of 1 GB", std::string("R\x40\0\0\0", 5)},
  };
  for (const auto& [name, bytes] : cases) {
    SCOPED_TRACE(name);
    postgres::LoginWish wish = AWish();
    wish.methods.md5 = true;
    PlayedLogin played(std::move(wish));
    EXPECT_EQ(played.Hear(bytes), Login::State::kFailed);
    EXPECT_EQ(played.sent(), "");
    // And for ever.
    EXPECT_EQ(played.Hear(Authentication(0)), Login::State::kFailed);
  }
}

TEST(HostileLoginTest, RefusesABrokenEndOfTheLogin) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"ready without a status", Message('Z')},
      {"ready with another status", Message('Z', "X")},
      {"ready with two", Message('Z', "II")},
      {"a key of three bytes", Message('K', Number(1) + "kkk")},
      {"a key without a process", Message('K', "kk")},
      {"rows", Message('D', "x")},
      {"a second welcome", Authentication(0)},
      {"a version after all", Message('v', Number(3U << 16U) + Number(0))},
  };
  for (const auto& [name, bytes] : cases) {
    SCOPED_TRACE(name);
    postgres::LoginWish wish = AWish();
    wish.methods.none = true;
    PlayedLogin played(std::move(wish));
    ASSERT_EQ(played.Hear(Authentication(0)), Login::State::kGoing);
    EXPECT_EQ(played.Hear(bytes), Login::State::kFailed);
    EXPECT_EQ(played.fault(), LoginFault::kProtocol);
  }
}

TEST(HostileLoginTest, RefusesVersionsThatWereNotAskedFor) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"the same", Number((3U << 16U) | 2U) + Number(0)},
      {"a newer one", Number((3U << 16U) | 9U) + Number(0)},
      {"another major", Number(2U << 16U) + Number(0)},
      {"options never sent", Number(3U << 16U) + Number(1) + "_pq_.x"},
      {"too short", Number(3U << 16U)},
  };
  for (const auto& [name, body] : cases) {
    SCOPED_TRACE(name);
    postgres::LoginWish wish = AWish();
    wish.minor = 2;
    PlayedLogin played(std::move(wish));
    EXPECT_EQ(played.Hear(Message('v', body)), Login::State::kFailed);
  }
}

TEST(HostileLoginTest, EndsAFloodOfNotices) {
  postgres::LoginWish wish = AWish();
  wish.methods.none = true;
  PlayedLogin played(std::move(wish));
  ASSERT_EQ(played.Hear(Authentication(0)), Login::State::kGoing);
  const std::string notice = Message('N', std::string(4'000, 'n'));
  size_t sent = 0;
  while (played.Hear(notice) == Login::State::kGoing) {
    sent += notice.size();
    ASSERT_LT(sent, 1'000'000U);
  }
  EXPECT_EQ(played.fault(), LoginFault::kProtocol);
}

TEST(HostileLoginTest, ReadsAnErrorThatLacksEverything) {
  for (const std::string& body :
       {std::string(), std::string("\0", 1), std::string("C"),
        std::string("Cno\0", 4), std::string("Mtext without an end"),
        std::string("CABC\0", 5)}) {
    PlayedLogin played(AWish());
    EXPECT_EQ(played.Hear(Message('E', body)), Login::State::kFailed);
    EXPECT_EQ(played.fault(), LoginFault::kRefused);
    EXPECT_EQ(played.login().failure().error.sqlstate, "");
  }
}

TEST(HostileLoginTest, NeverRepeatsThePasswordThatAServerSaysAgain) {
  postgres::LoginWish wish = AWish();
  wish.methods.cleartext = true;
  PlayedLogin refused(std::move(wish));
  refused.Hear(Authentication(3));
  EXPECT_EQ(refused.Hear(Refusal("28P01", "pencil is no password")),
            Login::State::kFailed);
  EXPECT_THAT(refused.login().failure().error.message,
              Not(HasSubstr("pencil")));

  postgres::LoginWish again = AWish();
  again.methods.cleartext = true;
  PlayedLogin greeted(std::move(again));
  greeted.Hear(Authentication(3));
  EXPECT_EQ(greeted.Hear(Authentication(0) + ParameterStatus("p", "pencil") +
                         Message('N', "Mpencil") + Welcome()),
            Login::State::kDone);
  EXPECT_THAT(greeted.login().Take().greeting, Not(HasSubstr("pencil")));
}

}  // namespace
}  // namespace claviger::testing
