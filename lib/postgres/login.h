// SPDX-License-Identifier: Apache-2.0
//
// Logging in at a PostgreSQL server, without a socket: bytes in, bytes out,
// until it is done or failed. The server may be hostile: what it says is
// bounded, it cannot talk the client down to a weaker method than allowed, and
// nothing of it is believed before it has proved to know the password (where
// the method lets it). Pure; not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "postgres/error_response.h"
#include "postgres/scram.h"
#include "postgres/startup.h"
#include "postgres/wire.h"

namespace claviger::postgres {

/// Ways to log in that the server may ask for.
struct Methods {
  bool scram = true;
  bool md5 = false;
  bool cleartext = false;
  bool none = false;  // as with a client certificate
};

enum class Binding { kDisable, kPrefer, kRequire };

struct LoginWish {
  uint32_t minor = 0;     // protocol 3.<minor>
  Parameters parameters;  // "user" among them
  Methods methods;
  Binding binding = Binding::kPrefer;
  /// tls-server-end-point of the connection; empty without TLS.
  std::string server_end_point;
  Secret password;
  ScramKeysPtr kept_keys;  // of an earlier login with the same password
};

enum class LoginFault {
  kRefused,   // by an ErrorResponse: fields are the server's
  kMethod,    // it asks for a method that is not allowed
  kImpostor,  // it does not know the password
  kProtocol,  // it does not speak the protocol, or says too much
};

struct LoginFailure {
  LoginFault fault = LoginFault::kProtocol;
  /// With kRefused the server's, less what repeats the password; else ours,
  /// without a SQLSTATE.
  ErrorFields error;

  /// The credential was refused: another one may do.
  bool is_credential() const;
};

struct LoggedIn {
  uint32_t minor = 0;  // of the protocol that both speak
  /// ParameterStatus and NoticeResponse messages as they came, to be shown.
  std::string greeting;
  uint32_t pid = 0;
  std::string cancel_key;  // empty: it cannot be cancelled
  char status = 'I';
  std::string rest;  // what followed the login
  ScramKeysPtr keys;
};

class Login {
 public:
  enum class State { kGoing, kDone, kFailed };

  /// `random` outlives the call only.
  Login(LoginWish wish, Random& random);

  /// The startup packet, to be sent first.
  std::string Begin() const;
  /// Takes what the server sent, appends what is to be sent to `out` (it may
  /// hold the password: wipe it).
  State Feed(std::string_view bytes, std::string& out);

  /// After kFailed.
  const LoginFailure& failure() const { return *failure_; }
  /// After kDone; once.
  LoggedIn Take() { return std::move(result_); }

 private:
  using Outcome = std::optional<LoginFailure>;

  Outcome OnMessage(char type, std::string_view body, std::string& out);
  Outcome OnAuthentication(std::string_view body, std::string& out);
  Outcome OnAuthenticated();
  Outcome OnCleartext(std::string& out);
  Outcome OnMd5(std::string_view salt, std::string& out);
  Outcome OnSasl(std::string_view mechanisms, std::string& out);
  Outcome OnSaslContinue(std::string_view message, std::string& out);
  Outcome OnSaslFinal(std::string_view message);
  Outcome OnVersion(std::string_view body);
  Outcome OnKey(std::string_view body);
  Outcome OnReady(std::string_view body);
  LoginFailure OnError(std::string_view body) const;
  void Greet(char type, std::string_view body);

  enum class Phase {
    kAsked,     // the startup packet is out
    kAnswered,  // a password is out, the server judges
    kSaslFirst,
    kSaslFinal,
    kSaslProved,
    kWelcomed,  // AuthenticationOk
    kReady,
  };

  LoginWish wish_;
  const std::string nonce_;
  Phase phase_ = Phase::kAsked;
  std::string held_;  // the beginning of a message
  size_t total_ = 0;
  std::optional<ScramClient> scram_;
  bool bound_ = false;  // the exchange is tied to the TLS connection
  std::optional<LoginFailure> failure_;
  LoggedIn result_;
};

/// What the answer of one byte to an SSLRequest means.
enum class SslAnswer { kYes, kNo, kNonsense };
SslAnswer ReadSslAnswer(char byte);

}  // namespace claviger::postgres
