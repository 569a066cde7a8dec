// SPDX-License-Identifier: Apache-2.0
//
// The local API (design.md section 5): from a request to an answer. Handlers
// run on the server's thread and never block; what needs Vault is answered from
// the worker's. Every answer about a connection is decided at the moment it is
// given. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
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
#include "sidecar/personal/allowance.h"
#include "sidecar/personal/condition.h"
#include "sidecar/personal/slots.h"
#include "sidecar/probe/desk.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/session/session.h"
#include "sidecar/session/user_sessions.h"
#include "sidecar/worker.h"

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
    CredentialCache& cache;
    const PersonalSlots& personal;
    PersonalStore store;
    Worker& worker;
    ServedAnswers& served;
    WatchHub& watch;
    Metrics& metrics;
    RefetchLimit& refetches;
    DecisionLog& decisions;
    const std::vector<proxy::OpenListener>& listeners;
    probe::Probe* const& probe;  // null: connections cannot be tested
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
  void DispatchCredential(const http::ServerRequest& request,
                          const Exchange& exchange);

  void List(const Exchange& exchange, const View& view) const;
  PersonalState LookForOwn(const Exchange& exchange, const View& view) const;
  // Calls `then` once it is known whether the caller keeps a credential of its
  // own for the call's connection, as far as that can be known.
  void KnowingOwn(
      const Exchange& exchange, const View& view,
      const std::function<void(const View&, const PersonalState&)>& then) const;
  void ShowConnection(const Exchange& exchange, const View& view,
                      const PersonalState& own) const;
  void ShowExplanation(const Exchange& exchange, const View& view,
                       const PersonalState& own) const;
  void GiveCredential(const Exchange& exchange);
  void RefuseDecided(const Exchange& exchange, DecisionKind kind,
                     Problem problem);
  void AnswerCredential(const Exchange& exchange, const Resolved& resolved);
  void AnswerAws(const Exchange& exchange, const Resolved& resolved);
  void RefuseUsersCredential(const Exchange& exchange, const View& view);
  void ResolveForUse(const Call& call, const CredentialResolver::Done& done);
  void ReportFailed(const Exchange& exchange);
  void Refetch(const Exchange& exchange, const Resolved& resolved);
  void Watch(const Exchange& exchange) const;

  // One test of a connection; its credential is chosen already.
  struct Tested;
  void Test(const http::ServerRequest& request, const Exchange& exchange);
  void TryOut(const std::shared_ptr<Tested>& tested, const Resolved& resolved);
  void NotHad(const std::shared_ptr<Tested>& tested, Problem problem);
  void AnswerTest(const Tested& tested, const probe::Report& report);

  // The caller's own slot on a connection, found to be the caller's.
  struct OwnSlot {
    Exchange exchange;
    model::VaultRef ref;
    std::shared_ptr<const access::ConnectionFacts> facts;
  };
  void Personal(const http::ServerRequest& request, const Exchange& exchange);
  void RefuseOwn(const Exchange& exchange, Problem problem);
  // What was asked for was done; the decision's id.
  std::string NoteOwn(const Exchange& exchange);
  void StorePersonal(const http::ServerRequest& request, const OwnSlot& slot);
  void RemovePersonal(const http::ServerRequest& request, const OwnSlot& slot);
  void ShowPersonal(const OwnSlot& slot);
  // Worker thread.
  struct Stored {
    int64_t version = 0;               // what a write has to name
    std::optional<Credential> record;  // none: deleted, never there, no record
    const Credential* known() const { return record ? &*record : nullptr; }
  };
  Result<Stored> ReadStored(const OwnSlot& slot) const;
  void WritePersonal(const OwnSlot& slot, const Secret& record,
                     const Condition& condition);
  void RemoveStored(const OwnSlot& slot, const Condition& condition);
  void Changed(const OwnSlot& slot, const std::function<void()>& answer);
  void ChangeFailed(const OwnSlot& slot, const Error& error);
  // Either thread.
  void PostChange(const OwnSlot& slot, Worker::Job job);
  void Post(const Exchange& exchange, Worker::Job job);

  const Parts parts_;
  const CachePartitions partitions_;
  CredentialResolver resolver_;
  // Each costs Vault up to three calls.
  static constexpr std::chrono::seconds kChangePause{10};
  static constexpr std::chrono::seconds kLookPause{1};
  Allowance changes_{5, kChangePause};
  Allowance looks_{20, kLookPause};
  probe::Desk desk_;
};

}  // namespace claviger::sidecar
