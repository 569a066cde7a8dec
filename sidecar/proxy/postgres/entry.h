// SPDX-License-Identifier: Apache-2.0
//
// The way into a Connection's server for one session: ask whether it may be,
// connect, log in; where the server refuses the credential, have it fetched
// anew and try once more. Loop's thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "base/random.h"
#include "postgres/error_response.h"
#include "postgres/startup.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/postgres/server_login.h"
#include "sidecar/proxy/postgres/server_plan.h"
#include "sidecar/proxy/postgres/startup_rules.h"
#include "sidecar/proxy/postgres/upstream.h"

namespace claviger::sidecar::proxy::pg {

/// The plan of the last credential that was used.
class PlanCache {
 public:
  /// Made at the credential's first use.
  Result<std::shared_ptr<const ServerPlan>> For(const Access& access,
                                                const Permit& permit);

 private:
  std::shared_ptr<const access::ConnectionFacts> facts_;
  std::shared_ptr<const Credential> credential_;
  std::shared_ptr<const ServerPlan> plan_;
};

/// For whoever says nothing, or too little.
struct EntryDeadlines {
  /// A client: until it has said what it wants and proved who it is.
  std::chrono::milliseconds client{10'000};
  /// A server: for its answer about TLS.
  std::chrono::milliseconds answer = Upstream::kAnswerDeadline;
  /// A server: from the startup packet until it is ready.
  std::chrono::milliseconds login = ServerLogin::kDeadline;
};

/// What sessions of one Connection share on their way in. References outlive
/// the object.
struct EntryParts {
  Loop& loop;
  Access& access;
  Dialer& dialer;
  Random& random;
  model::ObjectRef connection;
  std::string workload;  // "reports/nightly"
  EntryDeadlines deadlines = {};
  PlanCache plans = {};
};

struct Entered {
  std::unique_ptr<Stream> stream;
  std::string host;  // as the endpoint names it
  postgres::LoggedIn login;
  std::shared_ptr<const ServerRoute> route;
  StartupPlan startup;
  int64_t generation = 0;  // of the bindings
  bool stale = false;
  bool degraded = false;
};

class Entry final : public std::enable_shared_from_this<Entry> {
 public:
  using Outcome = std::variant<Entered, postgres::ErrorFields>;
  using Done = std::function<void(Outcome)>;

  /// `parts` outlives the object.
  Entry(EntryParts& parts, postgres::StartupPacket packet, Done done);

  /// Once; `done` may be called before it returns. Dropping the object cancels
  /// it.
  void Begin();

 private:
  void OnAnswer(Access::Answer answer);
  void Open(std::vector<ServerAddress> addresses);
  void LogIn(std::unique_ptr<Stream> stream);
  void OnLogin(ServerLogin::Outcome outcome);
  void OnRefused(const postgres::LoginFailure& failure);
  void OnIn(ServerLogin::In in);
  // Goes on with the servers that are left; what to say where none is.
  void TryNext(postgres::ErrorFields last);
  void Finish(Outcome outcome);

  EntryParts& parts_;
  const postgres::StartupPacket packet_;
  Done done_;
  std::shared_ptr<Permit> permit_;
  std::shared_ptr<const ServerPlan> plan_;
  StartupPlan startup_;
  std::shared_ptr<Upstream> upstream_;
  std::shared_ptr<ServerLogin> login_;
  bool retried_ = false;
  bool any_ = false;  // none is as preferred: any will do
};

}  // namespace claviger::sidecar::proxy::pg
