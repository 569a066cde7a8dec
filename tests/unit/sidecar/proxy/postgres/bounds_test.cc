// SPDX-License-Identifier: Apache-2.0
//
// Peers that say too much, or nothing: bounded memory, and an end in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"
#include "support/memory.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr size_t kMebi = size_t{1} << 20U;
// What may be in the sockets between the two ends.
constexpr size_t kSockets = 16 * kMebi;

std::string HeadOf(char type, uint32_t size) {
  std::string head(1, type);
  postgres::AppendInt32(head, size + 4);
  return head;
}

class BoundsTest : public FrontBed {
 protected:
  void Deadlines(const sidecar::proxy::pg::EntryDeadlines& deadlines) {
    sidecar::proxy::pg::FrontLimits limits;
    limits.deadlines = deadlines;
    Restart(limits);
  }

  // Carries so many bytes from one to the other, piece by piece.
  static void Carry(Wire& from, Wire& to, size_t total) {
    const std::string piece(kMebi / 16, 'x');
    while (total > 0) {
      const size_t size = std::min(piece.size(), total);
      from.Say(std::string_view(piece).substr(0, size));
      to.Hear(size);
      total -= size;
    }
  }
};

TEST_F(BoundsTest, ARowOfAGigabytePassesInLittleMemory) {
  Pair pair = Open();
  pair.client.Say(Message('Q', "SELECT"));
  pair.server.HearMessage();
  const PeakMemory memory;
  constexpr uint32_t kRow = 1'000'000'000;
  pair.server.Say(HeadOf('D', kRow));
  pair.client.Hear(5);
  Carry(pair.server, pair.client, kRow);
  EXPECT_LE(memory.GrowthMiB(), 8);
  pair.server.Say(Message('Z', "I"));
  EXPECT_EQ(pair.client.HearMessage(), Message('Z', "I"));
}

TEST_F(BoundsTest, AServerThatReadsNothingIsWrittenNoMore) {
  Pair pair = Open();
  const PeakMemory memory;
  pair.client.Say(HeadOf('Q', 1'000'000'000));
  const size_t taken =
      pair.client.SayUntilFull(std::string(kMebi / 16, 'x'), 64 * kMebi);
  EXPECT_LT(taken, kSockets);
  EXPECT_LE(memory.GrowthMiB(), 8);
  pair.server.Hear(5);
  EXPECT_EQ(pair.server.Hear(taken), std::string(taken, 'x'));
}

TEST_F(BoundsTest, NoticesWithoutEndAreHeldBackLikeRows) {
  Pair pair = Open();
  const PeakMemory memory;
  std::string notices;
  while (notices.size() < kMebi / 16) notices += Message('N', "Mnoise");
  const size_t taken = pair.server.SayUntilFull(notices, 64 * kMebi);
  EXPECT_LT(taken, kSockets);
  EXPECT_LE(memory.GrowthMiB(), 8);
  // Nobody else waits for that.
  Pair sound = Open();
  sound.client.Say(Message('Q', "x"));
  EXPECT_EQ(sound.server.HearMessage(), Message('Q', "x"));
}

TEST_F(BoundsTest, AServerThatNeverEndsItsGreetingIsLeft) {
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  server.Say(Authentication(0));
  std::string notices;
  while (notices.size() < kMebi) notices += Message('N', "Mnoise");
  server.Say(notices);
  EXPECT_THAT(HearError(client).message, HasSubstr("too much"));
}

TEST_F(BoundsTest, AClientThatSaysNothingHasItsTimeAndNoMore) {
  Deadlines({.client = milliseconds(50)});
  Wire mute = Connect();
  Wire slow = Connect();
  slow.Say(Startup().substr(0, 9));
  EXPECT_EQ(mute.HearEnd(), "");
  EXPECT_EQ(slow.HearEnd(), "");
  EXPECT_EQ(front_->sessions(), 0U);
}

TEST_F(BoundsTest, AClientThatProvesNothingHasItsTimeAndNoMore) {
  Deadlines({.client = milliseconds(50)});
  front_->SetSecret(Secret("pod secret"));
  Wire client = ConnectTcp();
  client.Say(Startup());
  EXPECT_EQ(client.HearMessage(), SaslOffer({"SCRAM-SHA-256"}));
  EXPECT_EQ(client.HearEnd(), "");
  EXPECT_EQ(access_.obtained, 0);
}

TEST_F(BoundsTest, AServerThatDoesNotLogInHasItsTimeAndNoMore) {
  Deadlines({.login = milliseconds(50)});
  Wire client = Connect();
  client.Say(Startup());
  Wire server = Accept();
  server.Hear(8);
  server.Say(Authentication(0));
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "08001");
  EXPECT_THAT(error.hint, HasSubstr("UpstreamTimeout"));
}

TEST_F(BoundsTest, AServerThatIsSilentAboutTlsHasItsTimeAndNoMore) {
  Deadlines({.answer = milliseconds(50)});
  access_.facts().endpoint.tls.mode = "require";
  Wire client = Connect();
  client.Say(Startup());
  const Wire server = Accept();
  EXPECT_THAT(HearError(client).hint, HasSubstr("UpstreamTimeout"));
}

TEST_F(BoundsTest, ParametersWithoutEndAreNotRead) {
  for (const int count : {65, 10'000}) {
    postgres::Parameters parameters;
    for (int i = 0; i < count; ++i) {
      parameters.emplace_back("p" + std::to_string(i), "1");
    }
    Wire client = Connect();
    client.Say(postgres::MakeStartup(0, parameters).substr(0, 16 << 10));
    EXPECT_EQ(HearError(client).sqlstate, "08P01");
  }
  EXPECT_EQ(access_.obtained, 0);
}

// After the login parameters are the server's to count.
TEST_F(BoundsTest, ABindOfTenThousandParametersPasses) {
  Pair pair = Open();
  std::string body(2, '\0');
  for (int i = 0; i < 10'000; ++i) {
    postgres::AppendInt32(body, 1);
    body += 'x';
  }
  pair.client.Say(Message('B', body));
  EXPECT_EQ(pair.server.HearMessage(), Message('B', body));
}

}  // namespace
}  // namespace claviger::testing
