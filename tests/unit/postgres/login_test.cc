// SPDX-License-Identifier: Apache-2.0
#include "postgres/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"
#include "unit/postgres/played_server.h"

namespace claviger::testing {
namespace {

using postgres::Binding;
using postgres::Login;
using postgres::LoginFault;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LoginTest, LogsInByScramAndKeepsTheKeys) {
  PlayedLogin played(AWish());
  EXPECT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Welcome(77, "kkkk") + "more"), Login::State::kDone);
  const postgres::LoggedIn in = played.login().Take();
  EXPECT_EQ(in.pid, 77U);
  EXPECT_EQ(in.cancel_key, "kkkk");
  EXPECT_EQ(in.status, 'I');
  EXPECT_EQ(in.rest, "more");
  EXPECT_EQ(in.greeting, ParameterStatus("server_version", "15.1"));
  ASSERT_TRUE(in.keys);
  EXPECT_EQ(in.keys->salt, "saltsalt");
  EXPECT_EQ(in.keys->iterations, 4'096);
}

TEST(LoginTest, TakesTheSameBytesOneByOne) {
  PlayedLogin played(AWish());
  ASSERT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  const std::string welcome = Welcome();
  for (size_t i = 0; i + 1 < welcome.size(); ++i) {
    ASSERT_EQ(played.Hear(welcome.substr(i, 1)), Login::State::kGoing);
  }
  EXPECT_EQ(played.Hear(welcome.substr(welcome.size() - 1)),
            Login::State::kDone);
}

TEST(LoginTest, UsesKeptKeysWithoutThePassword) {
  postgres::LoginWish wish = AWish();
  wish.kept_keys = postgres::MakeScramKeys("pencil", "saltsalt", 4'096);
  wish.password = Secret();
  PlayedLogin played(std::move(wish));
  EXPECT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Welcome()), Login::State::kDone);
}

TEST(LoginTest, MakesKeysAnewWhereTheServersSaltChanged) {
  postgres::LoginWish wish = AWish();
  wish.kept_keys = postgres::MakeScramKeys("pencil", "othersalt", 4'096);
  PlayedLogin played(std::move(wish));
  EXPECT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Welcome()), Login::State::kDone);
  EXPECT_EQ(played.login().Take().keys->salt, "saltsalt");
}

TEST(LoginTest, TellsAWrongPasswordFromOtherRefusals) {
  PlayedLogin wrong(AWish());
  EXPECT_EQ(wrong.ProveBySCRAM("eraser"), Login::State::kFailed);
  EXPECT_EQ(wrong.fault(), LoginFault::kRefused);
  EXPECT_TRUE(wrong.login().failure().is_credential());

  PlayedLogin full(AWish());
  EXPECT_EQ(full.Hear(Refusal("53300", "too many clients already")),
            Login::State::kFailed);
  EXPECT_FALSE(full.login().failure().is_credential());
  EXPECT_EQ(full.login().failure().error.sqlstate, "53300");
  EXPECT_EQ(full.login().failure().error.message, "too many clients already");
}

TEST(LoginTest, SendsMd5OnlyWhereAllowed) {
  PlayedLogin refused(AWish());
  EXPECT_EQ(refused.Hear(Authentication(5, "salt")), Login::State::kFailed);
  EXPECT_EQ(refused.fault(), LoginFault::kMethod);
  EXPECT_EQ(refused.sent(), "");

  postgres::LoginWish wish = AWish();
  wish.methods.md5 = true;
  PlayedLogin allowed(std::move(wish));
  EXPECT_EQ(allowed.Hear(Authentication(5, "salt")), Login::State::kGoing);
  // md5(md5("pencil" "app") "salt"), computed by md5sum
  EXPECT_EQ(BodyOf('p', allowed.sent()),
            std::string("md52afb5b311168c70c7e1783b3f1da0ac3") + '\0');
  EXPECT_EQ(allowed.Hear(Authentication(0) + Welcome()), Login::State::kDone);
}

TEST(LoginTest, SendsThePasswordItselfOnlyWhereAllowed) {
  PlayedLogin refused(AWish());
  EXPECT_EQ(refused.Hear(Authentication(3)), Login::State::kFailed);
  EXPECT_EQ(refused.fault(), LoginFault::kMethod);
  EXPECT_EQ(refused.sent(), "");

  postgres::LoginWish wish = AWish();
  wish.methods.cleartext = true;
  PlayedLogin allowed(std::move(wish));
  EXPECT_EQ(allowed.Hear(Authentication(3)), Login::State::kGoing);
  EXPECT_EQ(BodyOf('p', allowed.sent()), std::string("pencil") + '\0');
}

TEST(LoginTest, RefusesAServerThatAsksForNothingUnlessAllowed) {
  PlayedLogin refused(AWish());
  EXPECT_EQ(refused.Hear(Authentication(0)), Login::State::kFailed);
  EXPECT_EQ(refused.fault(), LoginFault::kMethod);

  postgres::LoginWish wish = AWish();
  wish.methods.none = true;
  PlayedLogin allowed(std::move(wish));
  EXPECT_EQ(allowed.Hear(Authentication(0) + Welcome()), Login::State::kDone);
}

struct BindingCase {
  const char* name;
  Binding binding;
  bool tls;
  std::vector<std::string> offer;
  // How the first SASL message begins; empty: refused.
  std::string chosen;
  std::string header;
};

TEST(LoginTest, ChoosesChannelBindingAsFarAsBothCan) {
  const std::string scram = "SCRAM-SHA-256";
  const std::string plus = "SCRAM-SHA-256-PLUS";
  const std::vector<BindingCase> cases = {
      {"prefer", Binding::kPrefer, true, {plus, scram}, plus, "p="},
      {"not offered", Binding::kPrefer, true, {scram}, scram, "y,"},
      {"without TLS", Binding::kPrefer, false, {scram}, scram, "n,"},
      {"disabled", Binding::kDisable, true, {plus, scram}, scram, "n,"},
      {"required", Binding::kRequire, true, {plus, scram}, plus, "p="},
      {"required, not offered", Binding::kRequire, true, {scram}, "", ""},
      {"required, no TLS", Binding::kRequire, false, {plus, scram}, "", ""},
      {"only with binding", Binding::kDisable, true, {plus}, "", ""},
  };
  for (const BindingCase& one : cases) {
    SCOPED_TRACE(one.name);
    postgres::LoginWish wish = AWish();
    wish.binding = one.binding;
    if (one.tls) wish.server_end_point = std::string(32, 'h');
    PlayedLogin played(std::move(wish));
    const auto state = played.Hear(SaslOffer(one.offer));
    if (one.chosen.empty()) {
      EXPECT_EQ(state, Login::State::kFailed);
      EXPECT_EQ(played.fault(), LoginFault::kMethod);
      continue;
    }
    ASSERT_EQ(state, Login::State::kGoing);
    const std::string body = BodyOf('p', played.sent());
    EXPECT_EQ(body.substr(0, one.chosen.size() + 1), one.chosen + '\0');
    EXPECT_EQ(body.substr(one.chosen.size() + 5, 2), one.header);
  }
}

TEST(LoginTest, SpeaksTheOlderProtocolWhereTheServerSaysSo) {
  postgres::LoginWish wish = AWish();
  wish.minor = 2;
  PlayedLogin played(std::move(wish));
  std::string version;
  postgres::AppendInt32(version, 3U << 16U);
  postgres::AppendInt32(version, 0);
  EXPECT_EQ(played.Hear(Message('v', version)), Login::State::kGoing);
  EXPECT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Welcome()), Login::State::kDone);
  EXPECT_EQ(played.login().Take().minor, 0U);
}

TEST(LoginTest, TakesLongCancelKeysOnlyInTheNewerProtocol) {
  for (const uint32_t minor : {0U, 2U}) {
    postgres::LoginWish wish = AWish();
    wish.minor = minor;
    wish.methods.none = true;
    PlayedLogin played(std::move(wish));
    const auto state =
        played.Hear(Authentication(0) + Welcome(1, std::string(256, 'k')));
    EXPECT_EQ(state, minor == 2 ? Login::State::kDone : Login::State::kFailed);
  }
}

TEST(LoginTest, ShowsNoticesOnlyOfAServerThatIsProved) {
  PlayedLogin played(AWish());
  EXPECT_EQ(played.Hear(Message('N', "early")), Login::State::kGoing);
  ASSERT_EQ(played.ProveBySCRAM("pencil"), Login::State::kGoing);
  EXPECT_EQ(played.Hear(Message('N', "late") + Welcome()), Login::State::kDone);
  const std::string greeting = played.login().Take().greeting;
  EXPECT_THAT(greeting, HasSubstr("late"));
  EXPECT_THAT(greeting, Not(HasSubstr("early")));
}

}  // namespace
}  // namespace claviger::testing
