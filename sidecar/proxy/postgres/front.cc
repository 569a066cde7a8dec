// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/front.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sidecar/proxy/postgres/faults.h"

namespace claviger::sidecar::proxy::pg {
namespace {

// The secret is 256 random bits: more work would protect nothing.
constexpr int kIterations = postgres::kMinScramIterations;
constexpr size_t kSaltBytes = 16;
// However far away a window's end is: timers are not to be trusted for longer.
constexpr std::chrono::milliseconds kLongestPause{3'600'000};

}  // namespace

Front::Front(const Parts& parts, model::ObjectRef connection,
             std::string workload, const FrontLimits& limits)
    : Timed(parts.loop),
      parts_(parts),
      entry_{parts.loop,      parts.access,          parts.dialer,
             parts.random,    std::move(connection), std::move(workload),
             limits.deadlines},
      limits_(limits),
      keys_(parts.random),
      canceller_(parts.loop, parts.dialer) {}

Front::~Front() { CloseAll(); }

void Front::SetSecret(const Secret& secret) {
  verifier_ = postgres::MakeScramVerifier(
      secret.Reveal(), parts_.random.Bytes(kSaltBytes), kIterations);
}

void Front::AdmitTcp(int fd) {
  if (verifier_) return Take(fd, &*verifier_);
  close(fd);
}

void Front::Take(int fd, const postgres::ScramVerifier* verifier) {
  auto client = std::make_unique<Stream>(parts_.loop, fd);
  // Beyond what could be refused politely.
  if (stopped_ ||
      sessions_.size() >= limits_.max_sessions + limits_.max_entering) {
    return;
  }
  auto session = std::make_shared<Session>(*this, std::move(client), verifier);
  sessions_.emplace(session.get(), session);
  session->Begin();
}

bool Front::MayEnter() {
  return open_ < limits_.max_sessions &&
         sessions_.size() - open_ <= limits_.max_entering;
}

CancelKeys::Issued Front::IssueKey(CancelTarget target, size_t size) {
  return keys_.Issue(std::move(target), size);
}

void Front::Cancel(const postgres::CancelRequest& request,
                   std::unique_ptr<Stream> client) {
  canceller_.Take(keys_, request.pid, request.key, std::move(client));
}

void Front::OnOpened(Session& /*session*/) {
  ++open_;
  parts_.observer.OnOpened(entry_.connection);
  if (!HasDeadline()) Review();
}

void Front::Remove(Session& session, const SessionReport& report) {
  sessions_.erase(&session);
  if (report.opened) --open_;
  // A probe that only connects, or a cancel request, is no session.
  if (!report.outcome.empty()) parts_.observer.OnClosed(report);
}

void Front::Review() {
  if (sessions_.empty()) return ClearDeadline();
  parts_.access.Obtain(
      entry_.connection,
      [this, weak = std::weak_ptr<bool>(alive_)](const Access::Answer& answer) {
        if (!weak.expired()) OnReviewed(answer);
      });
}

template <typename Condition>
void Front::RevokeWhere(Condition condition,
                        const postgres::ErrorFields& error) {
  for (const auto& session : All()) {
    if (condition(*session)) session->Revoke(error, limits_.revocation_grace);
  }
}

void Front::OnReviewed(const Access::Answer& answer) {
  SetDeadline(kLongestPause);
  if (const auto* problem = std::get_if<Problem>(&answer)) {
    // That Vault or its database cannot be asked takes nobody's access away.
    if (!IsRevocation(*problem)) return;
    postgres::ErrorFields error = FaultOf(entry_.connection, *problem);
    error.sqlstate = postgres::sqlstate::kRevoked;
    return RevokeWhere([](const Session&) { return true; }, error);
  }
  const Permit& permit = std::get<Permit>(answer);
  if (permit.valid_until) {
    const auto left = *permit.valid_until - parts_.loop.clock().Now();
    SetDeadline(std::clamp<std::chrono::milliseconds>(
        left, std::chrono::milliseconds(100), kLongestPause));
  }
  // Another slot that stands in for one whose secret failed is no revocation.
  if (permit.facts->on_secret_failure == model::OnSecretFailure::kNext) return;
  RevokeWhere(
      [&](const Session& session) {
        return session.route() != nullptr &&
               session.route()->vault != permit.vault;
      },
      Fault(entry_.connection, postgres::sqlstate::kRevoked, "SlotChanged",
            "another credential is to be used now", "connect again"));
}

void Front::BeginStop(std::chrono::milliseconds drain) {
  stopped_ = true;
  const postgres::ErrorFields error =
      Fault(entry_.connection, postgres::sqlstate::kRevoked, "Stopping",
            "the sidecar ends", "connect again");
  for (const auto& session : All()) session->Stop(error, drain);
}

void Front::CloseAll() {
  stopped_ = true;
  for (const auto& session : All()) session->Abandon();
}

std::vector<std::shared_ptr<Session>> Front::All() const {
  std::vector<std::shared_ptr<Session>> all;
  all.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) all.push_back(session);
  return all;
}

}  // namespace claviger::sidecar::proxy::pg
