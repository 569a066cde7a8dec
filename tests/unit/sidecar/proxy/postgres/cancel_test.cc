// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "postgres/wire.h"
#include "sidecar/proxy/postgres/cancel_keys.h"
#include "support/fake_clock.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

struct Key {
  uint32_t pid = 0;
  std::string key;
};

Key KeyIn(std::string_view greeting) {
  while (!greeting.empty()) {
    const auto head = postgres::ReadHead(greeting);
    if (!head) break;
    const auto body = greeting.substr(5, head->body_size);
    if (head->type == 'K') {
      postgres::Cursor cursor(body);
      const uint32_t pid = *cursor.Int32();
      return {pid, std::string(cursor.rest())};
    }
    greeting.remove_prefix(5 + head->body_size);
  }
  ADD_FAILURE() << "no key";
  return {};
}

class CancelTest : public FrontBed {
 protected:
  // Sends a request; its connection.
  Wire Ask(uint32_t pid, const std::string& key) {
    Wire client = Connect();
    client.Say(postgres::MakeCancelRequest(pid, key));
    return client;
  }
};

TEST_F(CancelTest, ReachesTheServerWithTheServersOwnKey) {
  const Pair pair = Open();
  const Key key = KeyIn(pair.greeting);
  Wire client = Ask(key.pid, key.key);
  Wire server = Accept();
  EXPECT_EQ(server.Hear(16), postgres::MakeCancelRequest(4'711, "kkkk"));
  EXPECT_TRUE(client.IsQuiet());  // until the server has acted
  server.Close();
  EXPECT_EQ(client.HearEnd(), "");
}

TEST_F(CancelTest, TakesTheLongKeysOfTheNewerProtocol) {
  const Pair pair = Open(2);
  const Key key = KeyIn(pair.greeting);
  EXPECT_EQ(key.key.size(), 32U);
  Wire client = Ask(key.pid, key.key);
  Wire server = Accept();
  EXPECT_EQ(server.Hear(44),
            postgres::MakeCancelRequest(4'711, std::string(32, 'k')));
}

TEST_F(CancelTest, IgnoresKeysThatWereNotIssued) {
  const Pair pair = Open();
  const Key key = KeyIn(pair.greeting);
  for (const auto& [pid, text] :
       {std::pair<uint32_t, std::string>{key.pid + 1, key.key},
        {key.pid, "nope"},
        {key.pid, key.key + "x"},
        {4'711, "kkkk"},
        {0, "0000"}}) {
    EXPECT_EQ(Ask(pid, text).HearEnd(), "");
  }
  EXPECT_TRUE(NobodyCame());
}

TEST_F(CancelTest, EndsNoOtherSessionThanTheKeysOwn) {
  const Pair one = Open();
  const Pair other = Open();
  const Key first = KeyIn(one.greeting);
  const Key second = KeyIn(other.greeting);
  EXPECT_EQ(Ask(first.pid, second.key).HearEnd(), "");
  EXPECT_EQ(Ask(second.pid, first.key).HearEnd(), "");
  EXPECT_TRUE(NobodyCame());
  // Another connection of the same pod has its own keys.
  const auto here = std::move(front_);
  Restart({});
  EXPECT_EQ(Ask(first.pid, first.key).HearEnd(), "");
  EXPECT_TRUE(NobodyCame());
}

TEST_F(CancelTest, TakesTheServersKeysOfAllSizesOfTheNewerProtocol) {
  for (const size_t size : {4U, 5U, 255U, 256U}) {
    Wire client = Connect();
    client.Say(Startup(2));
    Wire server = Accept();
    LetIn(server, std::string(size, 'k'));
    std::string greeting;
    while (greeting.empty() || greeting.back() != 'I') {
      greeting += client.HearMessage();
    }
    const Key key = KeyIn(greeting);
    const Wire asking = Ask(key.pid, key.key);
    Wire asked = Accept();
    const std::string packet =
        postgres::MakeCancelRequest(4'711, std::string(size, 'k'));
    EXPECT_EQ(asked.Hear(packet.size()), packet);
  }
}

TEST_F(CancelTest, ForgetsTheKeyWithItsSession) {
  Key key;
  {
    Pair pair = Open();
    key = KeyIn(pair.greeting);
    pair.client.Close();
    pair.server.HearEnd();
  }
  EXPECT_EQ(Ask(key.pid, key.key).HearEnd(), "");
  EXPECT_TRUE(NobodyCame());
}

TEST_F(CancelTest, IsNoSessionAndLeavesTheOtherAlone) {
  Pair pair = Open();
  EXPECT_EQ(Ask(1, "nope").HearEnd(), "");
  EXPECT_EQ(front_->sessions(), 1U);
  EXPECT_TRUE(reports_.empty());
  pair.client.Say(Message('Q', "x"));
  EXPECT_EQ(pair.server.HearMessage(), Message('Q', "x"));
}

TEST_F(CancelTest, BoundsAFlood) {
  const Pair pair = Open();
  const Key key = KeyIn(pair.greeting);
  std::vector<Wire> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(Ask(key.pid, key.key));
  int served = 0;
  while (!NobodyCame()) ++served;
  EXPECT_GE(served, 1);
  EXPECT_LE(served, 64);
}

TEST(CancelKeysTest, IssuesEachKeyOnce) {
  FakeRandom random;
  sidecar::proxy::pg::CancelKeys keys(random);
  std::set<uint32_t> pids;
  for (int i = 0; i < 1'000; ++i) {
    const auto issued = keys.Issue({}, 4);
    EXPECT_TRUE(pids.insert(issued.pid).second);
    EXPECT_LE(issued.pid, 0x7FFFFFFFU);
    EXPECT_NE(keys.Find(issued.pid, issued.key), nullptr);
  }
  keys.Drop(*pids.begin());
  EXPECT_EQ(keys.size(), 999U);
}

TEST(CancelPaceTest, LetsABurstThroughAndThenSomeASecond) {
  FakeClock clock;
  sidecar::proxy::pg::CancelPace pace(clock);
  int through = 0;
  while (pace.May()) ++through;
  EXPECT_EQ(through, 50);
  clock.Advance(std::chrono::seconds(1));
  while (pace.May()) ++through;
  EXPECT_EQ(through, 70);
}

}  // namespace
}  // namespace claviger::testing
