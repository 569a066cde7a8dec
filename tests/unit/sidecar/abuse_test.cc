// SPDX-License-Identifier: Apache-2.0
//
// The local API under abuse, over its real socket: what is sent is refused
// within the caps, and somebody who behaves waits hardly longer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "sidecar/sidecar.h"
#include "unit/sidecar/harness.h"
#include "unit/sidecar/socket_client.h"

namespace claviger::testing {
namespace {

using std::chrono::microseconds;
using ::testing::StartsWith;

constexpr const char* kTarget = "/v1/connections/sales/warehouse/credential";

// A connection that says what it likes.
class Rude {
 public:
  explicit Rude(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof(to.sun_path) - 1);
    timeval patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    connected_ =
        connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~Rude() { close(fd_); }
  Rude(const Rude&) = delete;
  Rude& operator=(const Rude&) = delete;

  bool connected() const { return connected_; }
  // False once the other end takes no more.
  bool Say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // What comes until the answer's body is there, or the end.
  std::string Hear() {
    std::string all;
    char piece[4'096];
    while (all.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = recv(fd_, piece, sizeof(piece), 0);
      if (got <= 0) break;
      all.append(piece, static_cast<size_t>(got));
    }
    return all;
  }

 private:
  const int fd_;
  bool connected_ = false;
};

class AbuseTest : public ::testing::Test {
 protected:
  AbuseTest()
      : folder_(::testing::TempDir() + "abuse-" + std::to_string(getpid())) {
    mkdir(folder_.c_str(), 0700);
    vault_.PutSecret("secret/sales/warehouse",
                     R"({"username":"app","password":"pw-1"})");
    model::Objects objects = ObjectsOf({Warehouse()});
    objects.service_accounts.push_back({"reports", "nightly"});
    vault_.Publish(std::move(objects), clock_.Now());
    settings_ = Harness::DefaultSettings();
    settings_.socket.path = folder_ + "/s.sock";
    sidecar_ = std::make_unique<sidecar::Sidecar>(
        settings_, sidecar::Dependencies{vault_, clock_, random_, log_, [] {
                                           return Secret(std::string("jwt"));
                                         }});
    EXPECT_TRUE(sidecar_->Start());
    thread_ = std::thread([this] { sidecar_->Run(); });
    while (AskUnix(settings_.socket.path, "GET", kTarget).status != 200) {
    }
  }
  ~AbuseTest() override {
    sidecar_->Stop();
    thread_.join();
    std::filesystem::remove_all(folder_);
  }

  std::string AnswerTo(const std::string& text) {
    Rude rude(settings_.socket.path);
    rude.Say(text);
    return rude.Hear();
  }

  // Of one who behaves, on a connection that is kept.
  static microseconds P99Of(Rude& polite) {
    const std::string request =
        std::string("GET ") + kTarget + " HTTP/1.1\r\nHost: a\r\n\r\n";
    std::vector<microseconds> took;
    for (int i = 0; i < 500; ++i) {
      const auto began = std::chrono::steady_clock::now();
      polite.Say(request);
      EXPECT_THAT(polite.Hear(), StartsWith("HTTP/1.1 200"));
      took.push_back(std::chrono::duration_cast<microseconds>(
          std::chrono::steady_clock::now() - began));
    }
    std::sort(took.begin(), took.end());
    return took[took.size() * 99 / 100];
  }

  const std::string folder_;
  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  PlayedVault vault_{clock_};
  sidecar::Settings settings_;
  std::unique_ptr<sidecar::Sidecar> sidecar_;
  std::thread thread_;
};

std::string Get() {
  return std::string("GET ") + kTarget + " HTTP/1.1\r\nHost: a\r\n";
}

TEST_F(AbuseTest, WhatIsTooMuchIsRefusedWithinTheCaps) {
  EXPECT_THAT(AnswerTo(Get() + "X: " + std::string(1'000'000, 'x')),
              StartsWith("HTTP/1.1 431"));
  std::string many = Get();
  for (int i = 0; i < 100'000; ++i) many += "A: b\r\n";
  EXPECT_THAT(AnswerTo(many), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(AnswerTo(Get() + "Content-Length: 2147483648\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(AnswerTo(Get() + "Origin: https://evil.example\r\n\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(AskUnix(settings_.socket.path, "GET", kTarget).status, 200);
}

TEST_F(AbuseTest, SomebodyWhoBehavesWaitsHardlyLonger) {
  Rude polite(settings_.socket.path);
  // Less than this is the machine's own unrest.
  const microseconds calm = std::max(P99Of(polite), microseconds(5'000));
  std::atomic<bool> enough{false};
  std::thread slow([&] {  // holds all the connections that one uid may have
    std::vector<std::unique_ptr<Rude>> all;
    for (int i = 0; i < 10'000 && !enough; ++i) {
      auto one = std::make_unique<Rude>(settings_.socket.path);
      one->Say("GET / HT");
      if (all.size() < 200) all.push_back(std::move(one));
    }
    while (!enough) {
      for (auto& one : all) one->Say("x");
      poll(nullptr, 0, 20);
    }
  });
  std::thread loud([&] {
    std::string pipeline;
    for (int i = 0; i < 200; ++i) pipeline += Get() + "\r\n";
    const std::string large = Get() + "X: " + std::string(100'000, 'x');
    while (!enough) {
      AnswerTo(pipeline);
      AnswerTo(large);
    }
  });
  microseconds best = microseconds::max();
  for (int round = 0; round < 4; ++round) best = std::min(best, P99Of(polite));
  enough = true;
  slow.join();
  loud.join();
  std::printf("p99 %lld us, alone at most %lld us\n",
              static_cast<long long>(best.count()),
              static_cast<long long>(calm.count()));
  EXPECT_LE(best, 2 * calm);
}

}  // namespace
}  // namespace claviger::testing
