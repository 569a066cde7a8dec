// SPDX-License-Identifier: Apache-2.0
//
// The local API (design.md section 5): from a request to an answer. Handlers
// run on the server's thread and never block; what needs Vault is answered from
// the worker's. Every answer about a connection is decided at the moment it is
// given. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "access/binding.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/server.h"
#include "sidecar/api/call.h"
#include "sidecar/api/credential_resolver.h"
#include "sidecar/api/guard.h"
#include "sidecar/api/partition.h"
#include "sidecar/api/problem.h"
#include "sidecar/api/refetch_limit.h"
#include "sidecar/api/served.h"
#include "sidecar/api/watch_hub.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/decisions/log.h"
#include "sidecar/metrics.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/session/session.h"
#include "sidecar/session/user_sessions.h"

namespace claviger::sidecar {

class LocalApi {
 public:
  /// All must outlive the API.
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    Random& random;
    Logger& log;
    const Session& session;
    UserSessions& users;
    const Engines& engines;
    CredentialCache& cache;
    ServedAnswers& served;
    WatchHub& watch;
    Metrics& metrics;
    RefetchLimit& refetches;
    DecisionLog& decisions;
    const std::vector<proxy::OpenListener>& listeners;
  };

  explicit LocalApi(const Parts& parts);

  /// Answers one request; `guard` is the listener's.
  void Handle(const Guard& guard, const http::ServerRequest& request,
              std::shared_ptr<http::Responder> responder);

  /// Answers the pod's own questions, for others who serve them.
  CredentialResolver& resolver() { return resolver_; }

 private:
  // One request under way: answers it, counted.
  struct Exchange {
    Call call;
    std::shared_ptr<http::Responder> responder;
    Metrics* metrics;
    void Send(http::ServerResponse response) const;
    void Refuse(const Problem& problem) const;
  };

  std::variant<ViewPtr, Problem> PodView() const;
  void WithView(const http::ServerRequest& request, const Exchange& exchange,
                const std::function<void(const View&)>& then);
  void Dispatch(const http::ServerRequest& request, const Exchange& exchange);

  void List(const Exchange& exchange, const View& view) const;
  void ShowConnection(const Exchange& exchange, const View& view) const;
  void ShowExplanation(const Exchange& exchange, const View& view) const;
  void GiveCredential(const Exchange& exchange);
  void RefuseDecided(const Exchange& exchange, DecisionKind kind,
                     Problem problem);
  void AnswerCredential(const Exchange& exchange, const Resolved& resolved);
  void AnswerAws(const Exchange& exchange, const Resolved& resolved);
  void RefuseUsersCredential(const Exchange& exchange, const View& view);
  void ReportFailed(const Exchange& exchange);
  void Refetch(const Exchange& exchange, const Resolved& resolved);
  void Watch(const Exchange& exchange) const;

  const Parts parts_;
  const CachePartitions partitions_;
  CredentialResolver resolver_;
};

}  // namespace claviger::sidecar
