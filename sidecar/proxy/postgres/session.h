// SPDX-License-Identifier: Apache-2.0
//
// One client of a Connection: its first packets, its way in, and its bytes
// until either side goes. Loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "postgres/client_check.h"
#include "postgres/error_response.h"
#include "postgres/startup.h"
#include "sidecar/proxy/postgres/cancel_keys.h"
#include "sidecar/proxy/postgres/entry.h"
#include "sidecar/proxy/postgres/observer.h"
#include "sidecar/proxy/postgres/pump.h"

namespace claviger::sidecar::proxy::pg {

class Session final : public Pump::Owner,
                      public Timed,
                      public std::enable_shared_from_this<Session> {
 public:
  /// What the session belongs to; outlives it.
  class Home {
   public:
    virtual ~Home() = default;
    virtual EntryParts& parts() = 0;
    /// Room for what passes through, shared by all.
    virtual std::span<char> space() = 0;
    /// Issues a key for a session that stands; 0 bytes: the server gave none.
    virtual CancelKeys::Issued IssueKey(CancelTarget target, size_t size) = 0;
    virtual void DropKey(uint32_t pid) = 0;
    /// A client wants another session's query ended.
    virtual void Cancel(const postgres::CancelRequest& request,
                        std::unique_ptr<Stream> client) = 0;
    /// False: as many sessions as may be are on their way in or open.
    virtual bool MayEnter() = 0;
    virtual void OnOpened(Session& session) = 0;
    /// The session is over; drops it.
    virtual void Remove(Session& session, const SessionReport& report) = 0;
  };

  /// `verifier`: what the client has to prove to know; null where the socket's
  /// file decides who comes in.
  Session(Home& home, std::unique_ptr<Stream> client,
          const postgres::ScramVerifier* verifier);

  void Begin();
  /// Ends the session with this error: at once where it is not yet open or
  /// does nothing, else when its transaction is over, at last after `grace`.
  void Revoke(postgres::ErrorFields error, std::chrono::milliseconds grace);
  /// The same because the process ends; one that is not open ends at once.
  void Stop(postgres::ErrorFields error, std::chrono::milliseconds drain);
  /// Ends it at once, without a word.
  void Abandon() { Gone(); }

  /// Whose credential the session was opened with; null before that.
  const ServerRoute* route() const { return route_.get(); }
  bool is_open() const { return state_ == State::kOpen; }

 private:
  enum class State {
    kFirst,    // reads what the client begins with
    kProving,  // the client proves that it belongs to the pod
    kEntering,
    kOpen,
    kEnding,  // an error was sent
    kGone,
  };

  void Read();
  void OnBytes();
  // False: no more of it now.
  bool TakeFirst();
  bool AnswerEncryption(bool& asked_before, size_t size);
  void TakeStartup(postgres::StartupPacket packet, size_t size);
  void Prove();
  void Enter();
  void OnEntered(Entry::Outcome outcome);
  Pump::Beginning Welcome(Entered& entered);
  void Refuse(const postgres::ErrorFields& error, std::string reason);
  void Linger();
  void CutNow();
  void Gone();

  void OnProgress() override;
  void OnEnd() override;
  void OnDeadline() override;

  Home& home_;
  const SteadyTime since_;
  std::unique_ptr<Stream> client_;
  State state_ = State::kFirst;
  std::string held_;  // what the client said and nobody took
  bool asked_ssl_ = false;
  bool asked_gss_ = false;
  std::optional<postgres::ClientCheck> check_;
  const postgres::ScramVerifier* const verifier_;
  std::optional<postgres::StartupPacket> packet_;
  std::shared_ptr<Entry> entry_;
  std::unique_ptr<Stream> server_;
  std::shared_ptr<const ServerRoute> route_;
  std::unique_ptr<Pump> pump_;
  uint32_t cancel_pid_ = 0;
  std::optional<postgres::ErrorFields> revoked_;
  size_t lingered_ = 0;
  SessionReport report_;
};

}  // namespace claviger::sidecar::proxy::pg
