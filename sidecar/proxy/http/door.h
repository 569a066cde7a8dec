// SPDX-License-Identifier: Apache-2.0
//
// The way to one connection's server with one credential: where it is, how it
// is trusted, where the credential goes, and the connections to it that are
// kept open. Another credential is another door, so that none of its
// connections serves the new one. Loop's thread only.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <variant>

#include "sidecar/proxy/access.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/http/oauth_token.h"
#include "sidecar/proxy/http/placement.h"
#include "sidecar/proxy/http/target.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy {

/// What a way that could not be opened is to whoever asked.
Problem FromOpening(const Error& error);

class Door final : public Timed {
 public:
  using Opened = std::function<void(Result<std::unique_ptr<Stream>>)>;

  /// NotReady or CredentialUnusable where there is no way.
  static std::variant<std::shared_ptr<Door>, Problem> Make(
      Loop& loop, Dialer& dialer, const Permit& permit, const Access& access);

  const Permit& permit() const { return permit_; }
  const Origin& origin() const { return origin_; }
  /// Where the credential goes; nowhere where a token() says it.
  const std::shared_ptr<const Placement>& placement() const {
    return placement_;
  }
  /// Null for all but OAuth clients.
  const std::shared_ptr<OauthToken>& token() const { return token_; }
  const model::Endpoint& endpoint() const { return permit_.facts->endpoint; }
  /// Whether it still is the way for `permit`.
  bool IsFor(const Permit& permit) const;

  /// A connection that is open already; null without.
  std::unique_ptr<Stream> TakeIdle();
  /// Keeps one whose last answer was whole.
  void Keep(std::unique_ptr<Stream> stream);
  /// Opens another. Dropping what is returned cancels it.
  [[nodiscard]] std::shared_ptr<Dialer::Attempt> Open(Opened opened);

 private:
  struct Idle {
    std::unique_ptr<Stream> stream;
    SteadyTime until;
  };

  Door(Loop& loop, Dialer& dialer, const Permit& permit);
  std::optional<Problem> Place(const Fields& fields);
  void OnDeadline() override;

  Loop& own_loop_;
  Dialer& dialer_;
  const Permit permit_;
  Origin origin_;
  std::shared_ptr<const Placement> placement_;
  std::shared_ptr<OauthToken> token_;
  std::optional<TlsClient> tls_;  // none: plain http, as the endpoint says
  std::list<Idle> idle_;          // the longest kept first
};

}  // namespace claviger::sidecar::proxy
