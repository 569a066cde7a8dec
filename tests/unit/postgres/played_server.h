// SPDX-License-Identifier: Apache-2.0
//
// A PostgreSQL server's half of a login as bytes, sound or not, for tests of
// the client's half. Not synchronised.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/login.h"
#include "postgres/scram_server.h"
#include "support/fake_random.h"

namespace claviger::testing {

/// Messages of a server.
std::string Authentication(uint32_t kind, std::string_view data = "");
std::string SaslOffer(const std::vector<std::string>& mechanisms);
std::string ParameterStatus(std::string_view name, std::string_view value);
std::string Refusal(std::string_view sqlstate, std::string_view message);
/// A sound end of a login: parameters, key and ReadyForQuery.
std::string Welcome(uint32_t pid = 77, std::string_view key = "kkkk");
std::string Message(char type, std::string_view body = "");

/// The body of the one message that `bytes` are; its type has to be `type`.
std::string BodyOf(char type, std::string_view bytes);

/// A wish for user "app" with password "pencil".
postgres::LoginWish AWish();

/// One login in the making, with what was sent last.
class PlayedLogin {
 public:
  explicit PlayedLogin(postgres::LoginWish wish);

  postgres::Login::State Hear(std::string_view bytes);
  /// What the client sent upon the last Hear.
  const std::string& sent() const { return sent_; }
  postgres::Login& login() { return login_; }
  /// The failure's kind; the test fails where there is none.
  postgres::LoginFault fault();

  /// Goes through SCRAM as a server that knows `password`, up to and with
  /// AuthenticationOk.
  postgres::Login::State ProveBySCRAM(std::string_view password,
                                      int iterations = 4'096);

 private:
  FakeRandom random_;
  postgres::Login login_;
  std::string sent_;
};

}  // namespace claviger::testing
