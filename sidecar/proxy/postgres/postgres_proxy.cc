// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/postgres_proxy.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace claviger::sidecar::proxy {
namespace {

// What one read takes at most: a TLS record, and twice that.
constexpr size_t kSpace = size_t{32} << 10U;

}  // namespace

PostgresProxy::PostgresProxy(Loop& loop, Dialer& dialer, Access& access,
                             Random& random, pg::SessionObserver& observer,
                             std::string workload,
                             const pg::FrontLimits& limits)
    : loop_(loop),
      dialer_(dialer),
      access_(access),
      random_(random),
      observer_(observer),
      workload_(std::move(workload)),
      limits_(limits) {}

PostgresProxy::~PostgresProxy() { CloseAll(); }

pg::Front& PostgresProxy::FrontOf(const model::ObjectRef& connection) {
  // None is taken where nobody speaks PostgreSQL.
  space_.resize(kSpace);
  std::unique_ptr<pg::Front>& front = fronts_[connection];
  if (front == nullptr) {
    front = std::make_unique<pg::Front>(
        pg::Front::Parts{loop_, access_, dialer_, random_, observer_, space_},
        connection, workload_, limits_);
  }
  return *front;
}

Status PostgresProxy::ListenUnix(const model::ObjectRef& connection,
                                 const std::string& path, unsigned mode,
                                 const std::vector<uint32_t>& uids) {
  pg::Front& front = FrontOf(connection);
  auto acceptor = Acceptor::ListenUnix(
      loop_, path, mode, [&front, uids](int fd, std::optional<uint32_t> uid) {
        const bool known = uids.empty() || std::find(uids.begin(), uids.end(),
                                                     *uid) != uids.end();
        if (known) return front.Admit(fd);
        close(fd);
      });
  if (!acceptor) return Fail(acceptor.error());
  acceptors_.push_back(*std::move(acceptor));
  return {};
}

Result<uint16_t> PostgresProxy::ListenTcp(const model::ObjectRef& connection,
                                          uint16_t port, const Secret& secret) {
  pg::Front& front = FrontOf(connection);
  front.SetSecret(secret);
  auto acceptor = Acceptor::ListenTcp(
      loop_, port,
      [&front](int fd, std::optional<uint32_t>) { front.AdmitTcp(fd); });
  if (!acceptor) return Fail(acceptor.error());
  acceptors_.push_back(*std::move(acceptor));
  return acceptors_.back()->port();
}

void PostgresProxy::Review() {
  for (const auto& [connection, front] : fronts_) front->Review();
}

void PostgresProxy::BeginStop(std::chrono::milliseconds drain) {
  acceptors_.clear();
  for (const auto& [connection, front] : fronts_) front->BeginStop(drain);
}

bool PostgresProxy::idle() const {
  return std::all_of(fronts_.begin(), fronts_.end(), [](const auto& entry) {
    return entry.second->sessions() == 0;
  });
}

void PostgresProxy::CloseAll() {
  acceptors_.clear();
  for (const auto& [connection, front] : fronts_) front->CloseAll();
}

}  // namespace claviger::sidecar::proxy
