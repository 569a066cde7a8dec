// SPDX-License-Identifier: Apache-2.0
//
// The token of an OAuth 2.0 client (client_credentials, RFC 6749 section 4.4):
// fetched once however many ask, kept, and fetched anew a minute before it
// ends. The client's secret goes to the token server and nowhere else. Loop's
// thread only; never blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sidecar/proxy/access.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/http/placement.h"
#include "sidecar/proxy/http/target.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy {

class TokenFetch;

class OauthToken final : public std::enable_shared_from_this<OauthToken> {
 public:
  using Answer = std::variant<std::shared_ptr<const Placement>, Problem>;
  using Done = std::function<void(Answer)>;

  /// CredentialUnusable where the fields name no https address to ask (plain
  /// http where the connection is `insecure`), or no secret. Loop and dialer
  /// outlive it.
  static std::variant<std::shared_ptr<OauthToken>, Problem> Make(
      Loop& loop, Dialer& dialer, const access::ConnectionFacts& facts,
      const Fields& fields);

  /// Calls back at once where a token is at hand. CredentialRefused where the
  /// token server does not know the client.
  void Get(Done done);

  /// The server refused this token. False: it is too new to ask for another;
  /// else the next Get gives one.
  bool Drop(const std::shared_ptr<const Placement>& refused);

 private:
  OauthToken(Loop& loop, Dialer& dialer) : loop_(loop), dialer_(dialer) {}
  bool IsGood() const;
  void OnAnswer(int status, std::string body);
  Answer Keep(std::string body);
  void Begin();
  void GiveUp(Problem problem);
  void Finish(const Answer& answer);

  Loop& loop_;
  Dialer& dialer_;
  Origin origin_;
  std::string scheme_;
  Secret request_;  // whole, as it is sent
  std::optional<TlsClient> tls_;
  std::shared_ptr<const Placement> token_;
  SteadyTime fetched_at_;
  SteadyTime refresh_at_;
  SteadyTime ends_at_;
  std::optional<Problem> failure_;     // of the last attempt
  SteadyTime failed_until_;            // no other is made before
  std::shared_ptr<TokenFetch> fetch_;  // under way
  std::vector<Done> waiting_;
};

}  // namespace claviger::sidecar::proxy
