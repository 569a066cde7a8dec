// SPDX-License-Identifier: Apache-2.0
//
// A Front with everything around it played by the test: the client, the
// server, and who decides. One thread: the loop runs while a test waits.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sidecar/proxy/postgres/front.h"
#include "support/fake_random.h"

namespace claviger::testing {

/// One end of a connection, in the hands of a test.
class Wire {
 public:
  Wire(sidecar::proxy::Loop& loop, int fd) : loop_(&loop), fd_(fd) {}
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&&) = delete;

  void Say(std::string_view bytes);
  /// As much as is taken without anybody reading; the bytes that were.
  size_t SayUntilFull(std::string_view piece, size_t most);
  /// Waits until so many bytes have come, and takes them.
  std::string Hear(size_t count);
  /// The next whole typed message.
  std::string HearMessage();
  /// Everything up to the end of the connection.
  std::string HearEnd();
  /// Whether nothing comes while the loop has something to do.
  bool IsQuiet();
  void Close();

 private:
  bool Receive();

  sidecar::proxy::Loop* loop_;
  int fd_;
  std::string heard_;
  bool ended_ = false;
};

/// Decides what a test says.
class PlayedAccess final : public sidecar::proxy::Access {
 public:
  PlayedAccess();
  void Obtain(const model::ObjectRef& connection, Done done) override;
  void Replace(const sidecar::proxy::Permit& refused, Done done) override;
  Result<sidecar::proxy::Fields> FieldsOf(
      const sidecar::proxy::Permit& permit) const override;

  void SetPassword(const std::string& user, const std::string& password);
  access::ConnectionFacts& facts() { return *facts_; }

  std::optional<sidecar::Problem> problem;
  std::function<void()> on_replace;  // what is different then
  sidecar::proxy::Permit permit;
  int obtained = 0;
  int replaced = 0;

 private:
  std::shared_ptr<access::ConnectionFacts> facts_;
};

class FrontBed : public ::testing::Test,
                 public sidecar::proxy::pg::SessionObserver {
 protected:
  FrontBed();
  ~FrontBed() override;

  /// Starts over with these limits.
  void Restart(const sidecar::proxy::pg::FrontLimits& limits);

  Wire Connect();
  Wire ConnectTcp();
  /// The sidecar's connection to the server.
  Wire Accept();
  /// Nobody has connected to the server.
  bool NobodyCame();
  /// Has the loop do what is to be done.
  void Settle();

  /// A client's startup packet; the server has to be played from there.
  static std::string Startup(uint32_t minor = 0);
  /// Plays the server's login without a proof; its startup packet.
  std::string LetIn(Wire& server, const std::string& key = "kkkk");
  /// A client that is in, and its server. What the client was greeted with is
  /// in `greeting`.
  struct Pair {
    Wire client;
    Wire server;
    std::string greeting;
  };
  Pair Open(uint32_t minor = 0);

  /// Of a client's connection that ends with an error.
  postgres::ErrorFields HearError(Wire& client);

  void OnOpened(const model::ObjectRef&) override { ++opened_; }
  void OnClosed(const sidecar::proxy::pg::SessionReport& report) override {
    reports_.push_back(report);
  }

  SystemClock clock_;
  FakeRandom random_;
  sidecar::proxy::Loop loop_{clock_};
  PlayedAccess access_;
  std::unique_ptr<sidecar::proxy::Dialer> dialer_;
  std::string space_ = std::string(16 << 10, '\0');
  int listener_ = -1;
  int opened_ = 0;
  std::vector<sidecar::proxy::pg::SessionReport> reports_;
  std::unique_ptr<sidecar::proxy::pg::Front> front_;
};

}  // namespace claviger::testing
