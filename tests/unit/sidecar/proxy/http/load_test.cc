// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand connections that wait for their next request: what they cost,
// and that all of them are still served. The proxy runs in a process of its
// own, so that both ends have enough descriptors and its memory is its own.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "unit/sidecar/proxy/http/fixture.h"

namespace claviger::sidecar::proxy::testing {
namespace {

using claviger::testing::Script;
using claviger::testing::ScriptedServer;
using claviger::testing::Step;

constexpr size_t kConnections = 10'000;
constexpr rlim_t kSpare = 200;
constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: l\r\n\r\n";

bool HasDescriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= kConnections + kSpare;
}

// The child: serves, and ends when the parent's end of `pipe` does.
[[noreturn]] void Serve(int ready, int end) {
  Script script;
  for (size_t i = 0; i < 3 * kConnections; ++i) {
    script.push_back({Step::Kind::kReadRequest});
    script.push_back({Step::Kind::kSend,
                      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"});
  }
  {
    ScriptedServer server({script});
    HttpLimits limits;
    limits.idle = std::chrono::minutes(10);
    RunningProxy proxy(limits);
    proxy.Start(server.url());
    const std::string path = proxy.path() + "\n";
    if (write(ready, path.data(), path.size()) < 0) _exit(1);
    char byte = 0;
    if (read(end, &byte, 1) < 0) _exit(1);
  }
  _exit(0);
}

int64_t AnonymousKilobytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    int64_t kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes;
  }
  return 0;
}

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasDescriptors()) GTEST_SKIP() << "too few file descriptors";
    int ready[2];
    int end[2];
    ASSERT_EQ(pipe(ready), 0);
    ASSERT_EQ(pipe(end), 0);
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      close(end[1]);
      Serve(ready[1], end[0]);
    }
    close(end[0]);
    close(ready[1]);
    end_ = end[1];
    char c = 0;
    while (read(ready[0], &c, 1) == 1 && c != '\n') path_ += c;
    close(ready[0]);
  }
  void TearDown() override {
    if (child_ <= 0) return;
    close(end_);
    int status = 0;
    waitpid(child_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  bool Ask(RawClient& client) {
    if (!client.Send(kGet)) return false;
    const auto response = client.Read();
    return response && response->body == "body";
  }

  pid_t child_ = -1;
  int end_ = -1;
  std::string path_;
};

TEST_F(LoadTest, KeepsTenThousandIdleConnectionsAndServesThemAll) {
  std::vector<RawClient> clients;
  clients.reserve(kConnections);
  for (int i = 0; i < 10; ++i) {
    clients.push_back(RawClient::ToUnix(path_));
    ASSERT_TRUE(Ask(clients.back()));
  }
  const int64_t before = AnonymousKilobytes(child_);
  while (clients.size() < kConnections) {
    clients.push_back(RawClient::ToUnix(path_));
    ASSERT_TRUE(clients.back().connected()) << clients.size();
    ASSERT_TRUE(Ask(clients.back())) << clients.size();
  }
  const int64_t grown = AnonymousKilobytes(child_) - before;
  const int64_t each = grown * 1024 / static_cast<int64_t>(kConnections);
  std::printf("%zu idle connections: %lld KiB, %lld bytes each\n", kConnections,
              static_cast<long long>(grown), static_cast<long long>(each));
  // A buffer that stays with each of them would be more.
  EXPECT_LT(each, 4'096);
  for (RawClient& client : clients) ASSERT_TRUE(Ask(client));
}

}  // namespace
}  // namespace claviger::sidecar::proxy::testing
