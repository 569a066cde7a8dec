// SPDX-License-Identifier: Apache-2.0
//
// One Connection as PostgreSQL clients meet it: its listeners and its sessions,
// their keys for cancelling, and their end when they may not be any more.
// Loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/proxy/postgres/canceller.h"
#include "sidecar/proxy/postgres/session.h"

namespace claviger::sidecar::proxy::pg {

struct FrontLimits {
  size_t max_sessions = 20'000;
  size_t max_entering = 512;  // on their way in
  EntryDeadlines deadlines;
  /// How long a session that may not be any more has for its transaction.
  std::chrono::milliseconds revocation_grace{30'000};
};

class Front final : public Session::Home, public Timed {
 public:
  struct Parts {
    Loop& loop;
    Access& access;
    Dialer& dialer;
    Random& random;
    SessionObserver& observer;
    std::span<char> space;  // what passes through is read into; shared
  };

  /// All of `parts` outlives the object.
  Front(const Parts& parts, model::ObjectRef connection, std::string workload,
        const FrontLimits& limits);
  ~Front() override;

  /// Clients by AdmitTcp have to prove that they know this.
  void SetSecret(const Secret& secret);
  /// Takes over a connection by a Unix socket, whose file let it in.
  void Admit(int fd) { Take(fd, nullptr); }
  /// Takes over a connection by loopback; closed where no secret is set.
  void AdmitTcp(int fd);

  /// What may be used has changed: looks again, and ends what is over.
  void Review();
  /// Takes no more: idle sessions end, others with their transaction, at last
  /// after `drain`.
  void BeginStop(std::chrono::milliseconds drain);
  /// Ends all sessions without a word.
  void CloseAll();

  size_t sessions() const { return sessions_.size(); }

  EntryParts& parts() override { return entry_; }
  std::span<char> space() override { return parts_.space; }
  CancelKeys::Issued IssueKey(CancelTarget target, size_t size) override;
  void DropKey(uint32_t pid) override { keys_.Drop(pid); }
  void Cancel(const postgres::CancelRequest& request,
              std::unique_ptr<Stream> client) override;
  bool MayEnter() override;
  void OnOpened(Session& session) override;
  void Remove(Session& session, const SessionReport& report) override;

 private:
  void Take(int fd, const postgres::ScramVerifier* verifier);
  // Sessions end while they are gone through.
  std::vector<std::shared_ptr<Session>> All() const;
  void OnReviewed(const Access::Answer& answer);
  template <typename Condition>
  void RevokeWhere(Condition condition, const postgres::ErrorFields& error);
  void OnDeadline() override { Review(); }

  const Parts parts_;
  EntryParts entry_;
  const FrontLimits limits_;
  CancelKeys keys_;
  Canceller canceller_;
  std::optional<postgres::ScramVerifier> verifier_;
  std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
  size_t open_ = 0;
  bool stopped_ = false;
  // Answers that come when the object is gone are for nobody.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace claviger::sidecar::proxy::pg
