// SPDX-License-Identifier: Apache-2.0
//
// Carries the bytes of one login between postgres::Login and a connection, by
// a deadline. Loop's thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "postgres/login.h"
#include "sidecar/proxy/stream.h"

namespace claviger::sidecar::proxy::pg {

class ServerLogin final : public Timed,
                          public std::enable_shared_from_this<ServerLogin> {
 public:
  static constexpr std::chrono::milliseconds kDeadline{10'000};

  struct In {
    std::unique_ptr<Stream> stream;
    postgres::LoggedIn login;
  };
  /// An Error: the connection broke, or time ran out.
  using Outcome = std::variant<In, postgres::LoginFailure, Error>;
  using Done = std::function<void(Outcome)>;

  ServerLogin(Loop& loop, std::unique_ptr<Stream> stream,
              postgres::LoginWish wish, Random& random, Done done,
              std::chrono::milliseconds deadline = kDeadline);
  ~ServerLogin() override;

  /// Once. Dropping the object cancels it.
  void Begin();

 private:
  void Advance();
  // False: waiting, or done.
  bool WriteAll();
  bool ReadSome();
  void Wait(Stream::Outcome wanted);
  void Finish(Outcome outcome);
  void OnDeadline() override;

  std::unique_ptr<Stream> stream_;
  postgres::Login login_;
  const std::chrono::milliseconds deadline_;
  Done done_;
  std::string out_;  // may hold the password
  size_t sent_ = 0;
};

}  // namespace claviger::sidecar::proxy::pg
