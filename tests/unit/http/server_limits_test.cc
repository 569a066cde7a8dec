// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <vector>

#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: l\r\n\r\n";

ServerLimits ShortDeadlines() {
  ServerLimits limits;
  limits.header_deadline = milliseconds(60);
  limits.body_deadline = milliseconds(60);
  limits.idle_deadline = milliseconds(60);
  limits.write_deadline = milliseconds(60);
  return limits;
}

long MillisecondsOfCpu(const rusage& before, const rusage& after) {
  const auto sum = [](const rusage& usage) {
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1'000;
  };
  return sum(after) - sum(before);
}

TEST(ServerLimitsTest, RefusesHeaderLineOverTheLimit) {
  RunningServer server;
  RawClient client = server.Connect();
  client.Send("GET /x HTTP/1.1\r\nHost: l\r\nX-A: " +
              std::string(1'000'000, 'a'));
  EXPECT_EQ(client.Read()->status, 431);
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerLimitsTest, RefusesTenThousandHeaders) {
  RunningServer server;
  RawClient client = server.Connect();
  std::string head = "GET /x HTTP/1.1\r\nHost: l\r\n";
  for (int i = 0; i < 10'000; ++i) head += "a:b\r\n";
  client.Send(head + "\r\n");
  EXPECT_EQ(client.Read()->status, 431);
}

TEST(ServerLimitsTest, RefusesMoreFieldsThanAnybodyNeeds) {
  RunningServer server;
  RawClient client = server.Connect();
  std::string head = "GET /x HTTP/1.1\r\nHost: l\r\n";
  for (int i = 0; i < 200; ++i) head += "a:b\r\n";
  client.Send(head + "\r\n");
  EXPECT_EQ(client.Read()->status, 431);
}

TEST(ServerLimitsTest, TakesHeadOfExactlyTheLimitAndNoMore) {
  ServerLimits limits;
  limits.max_header_bytes = 6'000;
  RunningServer server(limits);
  const std::string start = "GET /x HTTP/1.1\r\nHost: l\r\nX-A: ";
  const size_t room = limits.max_header_bytes - start.size() - 4;
  RawClient client = server.Connect();
  client.Send(start + std::string(room, 'a') + "\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 200);
  client.Send(start + std::string(room + 1, 'a') + "\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 431);
}

TEST(ServerLimitsTest, RefusesLongTarget) {
  RunningServer server;
  RawClient client = server.Connect();
  client.Send("GET /" + std::string(9'000, 'a') +
              " HTTP/1.1\r\nHost: l\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 414);
}

TEST(ServerLimitsTest, RefusesTwoGigabytesBeforeTheyAreSent) {
  RunningServer server;
  RawClient client = server.Connect();
  client.Send(
      "PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 2147483648\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 413);
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerLimitsTest, AnswersClientThatKeepsSendingAnOversizeBody) {
  RunningServer server;
  RawClient client = server.ConnectTcp();
  client.Send("PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100'000, 'b'));
  EXPECT_EQ(client.Read()->status, 413);
}

TEST(ServerLimitsTest, EndsSlowHeaderWith408) {
  RunningServer server(ShortDeadlines());
  RawClient client = server.Connect();
  client.Send("GET /x HTTP/1.1\r\nHo");
  EXPECT_EQ(client.Read()->status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerLimitsTest, SlowHeaderIsNotSavedByMoreBytes) {
  RunningServer server(ShortDeadlines());
  RawClient client = server.Connect();
  client.Send("GET /x HTTP/1.1\r\nX: ");
  int sent = 0;
  // Each byte would re-arm a deadline that counted from the last one.
  while (client.Send("a") && sent < 100'000) {
    ++sent;
    if (sent % 100 == 0) std::this_thread::yield();
    const auto response = sent % 500 == 0 ? client.Read() : std::nullopt;
    if (response) {
      EXPECT_EQ(response->status, 408);
      return;
    }
  }
  EXPECT_EQ(client.Read()->status, 408);
}

TEST(ServerLimitsTest, EndsSlowBodyWith408) {
  RunningServer server(ShortDeadlines());
  RawClient client = server.Connect();
  client.Send("PUT /x HTTP/1.1\r\nHost: l\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(client.Read()->status, 408);
}

TEST(ServerLimitsTest, ClosesIdleConnectionsSilently) {
  RunningServer server(ShortDeadlines());
  RawClient fresh = server.Connect();
  EXPECT_TRUE(fresh.IsClosed());
  RawClient used = server.Connect();
  used.Send(kGet);
  EXPECT_EQ(used.Read()->status, 200);
  EXPECT_TRUE(used.IsClosed());
}

TEST(ServerLimitsTest, DropsClientThatDoesNotReadItsAnswer) {
  ServerLimits limits;
  limits.write_deadline = milliseconds(60);
  limits.max_connections = 1;
  RunningServer server(
      limits, [](const ServerRequest& request, const auto& out) {
        const bool large = request.target == "/large";
        out->Send(Text(std::string(large ? 8'000'000 : 8, 'z')));
      });
  RawClient stuck = server.Connect();
  stuck.Send("GET /large HTTP/1.1\r\nHost: l\r\n\r\n");
  // Its place is free again only when the server has given up on it.
  for (int attempt = 0; attempt < 100'000; ++attempt) {
    RawClient next = server.Connect();
    next.Send(kGet);
    if (next.Read()) return;
  }
  FAIL() << "the connection that does not read was kept";
}

TEST(ServerLimitsTest, ClosesConnectionsOverTheCapAtOnce) {
  ServerLimits limits;
  limits.max_connections = 3;
  RunningServer server(limits);
  std::vector<RawClient> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(server.Connect());
    kept.back().Send(kGet);
    ASSERT_EQ(kept.back().Read()->status, 200);
  }
  RawClient over = server.Connect();
  EXPECT_TRUE(over.IsClosed());
  kept.front().Send(kGet);
  EXPECT_EQ(kept.front().Read()->status, 200);
}

TEST(ServerLimitsTest, CapsConnectionsOfOneUserAndFreesThemAgain) {
  ServerLimits limits;
  limits.max_connections_per_uid = 2;
  RunningServer server(limits);
  {
    std::vector<RawClient> mine;
    for (int i = 0; i < 2; ++i) {
      mine.push_back(server.Connect());
      mine.back().Send(kGet);
      ASSERT_EQ(mine.back().Read()->status, 200);
    }
    EXPECT_TRUE(server.Connect().IsClosed());
    RawClient tcp = server.ConnectTcp();  // nobody's
    tcp.Send(kGet);
    EXPECT_EQ(tcp.Read()->status, 200);
  }
  for (int attempt = 0; attempt < 10'000; ++attempt) {
    RawClient again = server.Connect();
    again.Send(kGet);
    if (again.Read()) return;
  }
  FAIL() << "closed connections still count";
}

TEST(ServerLimitsTest, HoldsThousandsOfIdleConnectionsWithinTheCap) {
  RunningServer server;
  std::vector<RawClient> clients;
  for (int i = 0; i < 400; ++i) clients.push_back(server.Connect());
  // 128 of one user are kept; closed ones make room only for later comers.
  int answered = 0;
  for (RawClient& client : clients) {
    if (!client.connected() || !client.Send(kGet)) continue;
    if (client.Read()) ++answered;
  }
  EXPECT_EQ(answered, 128);
}

TEST(ServerLimitsTest, DoesNotSpinWithoutFileDescriptors) {
  RunningServer server;
  RawClient first = server.Connect();
  first.Send(kGet);
  ASSERT_TRUE(first.Read());

  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  RawClient waiting = server.Connect();  // may or may not be accepted yet
  waiting.Send(kGet);
  ASSERT_TRUE(waiting.Read());
  const rlimit none{static_cast<rlim_t>(waiting.fd()) + 3, old.rlim_max};
  std::vector<RawClient> taken;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  while (true) {
    RawClient client = server.Connect();
    if (!client.connected()) break;
    taken.push_back(std::move(client));
  }
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  first.Send(kGet);  // those who are in are still served
  EXPECT_EQ(first.Read()->status, 200);
  ASSERT_FALSE(taken.empty());
  EXPECT_FALSE(taken.back().IsClosed(1'000));  // waits in the queue
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(MillisecondsOfCpu(before, after), 300);  // of the 1,000 that passed
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  taken.back().Send(kGet);
  EXPECT_EQ(taken.back().Read()->status, 200);
}

}  // namespace
}  // namespace claviger::http::testing
