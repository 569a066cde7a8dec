// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/http_proxy.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sidecar/proxy/http/door.h"
#include "sidecar/proxy/http/session.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kMaxDoors = 256;

}  // namespace

HttpProxy::HttpProxy(Loop& loop, Dialer& dialer, Access& access,
                     ProxyObserver& observer, const HttpLimits& limits)
    : loop_(loop),
      dialer_(dialer),
      access_(access),
      observer_(observer),
      limits_(limits) {}

HttpProxy::~HttpProxy() { CloseAll(); }

Status HttpProxy::ListenUnix(const model::ObjectRef& connection,
                             const std::string& path, unsigned mode,
                             const std::vector<uint32_t>& uids) {
  const auto listener =
      std::make_shared<const HttpListener>(HttpListener{connection, nullptr});
  auto acceptor = Acceptor::ListenUnix(
      loop_, path, mode,
      [this, listener, uids](int fd, std::optional<uint32_t> uid) {
        const bool known = uids.empty() || std::find(uids.begin(), uids.end(),
                                                     *uid) != uids.end();
        if (known) return Admit(listener, fd, uid);
        close(fd);
      });
  if (!acceptor) return Fail(acceptor.error());
  acceptors_.push_back(*std::move(acceptor));
  return {};
}

Result<uint16_t> HttpProxy::ListenTcp(const model::ObjectRef& connection,
                                      uint16_t port,
                                      std::shared_ptr<const Secret> secret) {
  const auto listener = std::make_shared<const HttpListener>(
      HttpListener{connection, std::move(secret)});
  auto acceptor = Acceptor::ListenTcp(
      loop_, port, [this, listener](int fd, std::optional<uint32_t> uid) {
        Admit(listener, fd, uid);
      });
  if (!acceptor) return Fail(acceptor.error());
  acceptors_.push_back(*std::move(acceptor));
  return acceptors_.back()->port();
}

void HttpProxy::Admit(const std::shared_ptr<const HttpListener>& listener,
                      int fd, std::optional<uint32_t> uid,
                      std::string_view bytes) {
  const bool room = sessions_.size() < limits_.max_sessions &&
                    (!uid || per_uid_[*uid] < limits_.max_sessions_per_uid);
  if (!room) {
    close(fd);
    return;
  }
  if (uid) ++per_uid_[*uid];
  auto session = std::make_shared<Session>(*this, listener, fd);
  session->uid = uid;
  Session* const key = session.get();
  sessions_.emplace(key, session);
  if (bytes.empty()) {
    session->Start();
  } else {
    session->GoOn(bytes);
  }
  // A request was on its way here when the proxy was told to stop.
  if (stopping_) session->Drain();
}

void HttpProxy::Adopt(const std::shared_ptr<const HttpListener>& listener,
                      http::Handover& handover) {
  Admit(listener, handover.TakeFd(), handover.peer().uid, handover.bytes());
}

void HttpProxy::Remove(Session& session) {
  if (session.uid) {
    const auto found = per_uid_.find(*session.uid);
    if (found != per_uid_.end() && --found->second == 0) per_uid_.erase(found);
  }
  sessions_.erase(&session);
}

std::variant<std::shared_ptr<Door>, Problem> HttpProxy::DoorFor(
    const Permit& permit) {
  const auto found = doors_.find(permit.facts->ref);
  if (found != doors_.end() && found->second->IsFor(permit)) {
    return found->second;
  }
  auto made = Door::Make(loop_, dialer_, permit, access_);
  if (auto* door = std::get_if<std::shared_ptr<Door>>(&made)) {
    // Doors of connections that this pod has lost end here at the latest.
    if (found == doors_.end() && doors_.size() >= kMaxDoors) doors_.clear();
    doors_[permit.facts->ref] = *door;
  }
  return made;
}

void HttpProxy::BeginStop() {
  stopping_ = true;
  acceptors_.clear();
  std::vector<std::shared_ptr<Session>> all;
  all.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) all.push_back(session);
  for (const auto& session : all) session->Drain();
}

void HttpProxy::CloseAll() {
  acceptors_.clear();
  while (!sessions_.empty()) {
    const auto session = sessions_.begin()->second;
    session->Close();
  }
  doors_.clear();
}

}  // namespace claviger::sidecar::proxy
