// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/host.h"

#include <utility>

#include "base/file.h"
#include "sidecar/api/guard.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};

pg::FrontLimits LimitsOf(const Intervals& intervals) {
  pg::FrontLimits limits;
  limits.revocation_grace = intervals.revocation_grace;
  return limits;
}

}  // namespace

// What was proxied, in the decision log and in the metrics.
class Host::Observer final : public ProxyObserver, public pg::SessionObserver {
 public:
  Observer(DecisionLog& decisions, Metrics& metrics)
      : decisions_(decisions), metrics_(metrics) {}

  void OnProxied(const Proxied& proxied) override {
    metrics_.CountProxied(proxied.status, proxied.bytes_in, proxied.bytes_out,
                          proxied.took);
    DecisionRecord record;
    record.kind = DecisionKind::kRequest;
    record.connection = model::ToString(proxied.connection);
    record.delivery = access::Delivery::kInject;
    record.reason = proxied.reason;
    record.method = proxied.method;
    record.target = proxied.route;
    if (proxied.permit != nullptr) {
      record.slot = proxied.permit->slot;
      record.generation = proxied.permit->generation;
      record.stale = proxied.permit->stale;
      record.degraded = proxied.permit->degraded;
    }
    decisions_.Done(decisions_.Open(std::move(record)),
                    {proxied.status, proxied.bytes_in, proxied.bytes_out});
  }

  void OnOpened(const model::ObjectRef& /*connection*/) override {
    metrics_.SetSessions(++sessions_);
  }

  void OnClosed(const pg::SessionReport& report) override {
    if (report.opened) metrics_.SetSessions(--sessions_);
    metrics_.CountSession(report.opened, report.bytes_to_server,
                          report.bytes_to_client, report.duration);
    DecisionRecord record;
    record.kind = DecisionKind::kSession;
    record.connection = model::ToString(report.connection);
    record.delivery = access::Delivery::kInject;
    record.reason = report.opened ? "Allowed" : report.outcome;
    record.slot = report.slot;
    record.generation = report.generation;
    record.stale = report.stale;
    record.degraded = report.degraded;
    record.target = report.database;
    if (report.opened && report.outcome != "ended") record.why = report.outcome;
    decisions_.Done(decisions_.Open(std::move(record)),
                    {0, report.bytes_to_server, report.bytes_to_client});
  }

 private:
  DecisionLog& decisions_;
  Metrics& metrics_;
  size_t sessions_ = 0;
};

// Ends the loop once nothing is under way, or the time for that is over.
class Host::Draining final : public Timed {
 public:
  Draining(Host& host, std::chrono::milliseconds drain)
      : Timed(host.loop_),
        host_(host),
        until_(host.loop_.clock().SteadyNow() + drain) {
    // Not at once: the local API may have sent a connection on its way here.
    SetDeadline(kLookEvery);
  }

 private:
  void OnDeadline() override {
    const bool over = host_.loop_.clock().SteadyNow() >= until_;
    const bool idle = host_.http_.idle() && host_.postgres_.idle();
    if (!over && !idle) return SetDeadline(kLookEvery);
    host_.http_.CloseAll();
    host_.postgres_.CloseAll();
    host_.loop_.Stop();
  }

  Host& host_;
  const SteadyTime until_;
};

Host::Host(const Settings& settings, const Clock& clock, Random& random,
           DecisionLog& decisions, Metrics& metrics,
           const AccessMaker& make_access)
    : settings_(settings),
      loop_(clock),
      observer_(std::make_unique<Observer>(decisions, metrics)),
      access_(make_access([this](std::function<void()> task) {
        loop_.RunOrPost(std::move(task));
      })),
      dialer_(loop_, MakeSystemResolver(loop_), settings.proxy.addresses),
      http_(loop_, dialer_, *access_, *observer_),
      postgres_(loop_, dialer_, *access_, random, *observer_,
                model::ToString(settings.identity),
                LimitsOf(settings.intervals)) {}

Host::~Host() = default;

Result<std::vector<OpenListener>> Host::Start(
    std::shared_ptr<const Secret> secret) {
  secret_ = std::move(secret);
  std::vector<OpenListener> open;
  for (const providers::ListenWish& wish : settings_.proxy.listeners) {
    if (Status opened = Open(wish, open); !opened) {
      return Fail(opened.error(), "listen for " + ToString(wish));
    }
  }
  return open;
}

Status Host::Open(const providers::ListenWish& wish,
                  std::vector<OpenListener>& open) {
  OpenListener listener{wish, SocketOf(settings_.proxy.directory, wish)};
  if (!listener.socket.empty()) {
    if (Status listening = OpenUnix(listener); !listening) return listening;
  }
  if (wish.port) {
    const auto port = OpenTcp(wish);
    if (!port) return Fail(port.error());
    listener.wish.port = *port;
    if (Status written = WritePassfile(listener); !written) return written;
  }
  open.push_back(std::move(listener));
  return {};
}

Status Host::OpenUnix(const OpenListener& listener) {
  const model::ObjectRef& connection = listener.wish.connection;
  const SocketSettings& socket = settings_.socket;
  return listener.wish.protocol == providers::Protocol::kPostgres
             ? postgres_.ListenUnix(connection, listener.socket, socket.mode,
                                    socket.allowed_uids)
             : http_.ListenUnix(connection, listener.socket, socket.mode,
                                socket.allowed_uids);
}

Result<uint16_t> Host::OpenTcp(const providers::ListenWish& wish) {
  return wish.protocol == providers::Protocol::kPostgres
             ? postgres_.ListenTcp(wish.connection, *wish.port, *secret_)
             : http_.ListenTcp(wish.connection, *wish.port, secret_);
}

// As PostgreSQL's clients read one, beside the socket.
Status Host::WritePassfile(const OpenListener& listener) {
  if (listener.wish.protocol != providers::Protocol::kPostgres ||
      listener.socket.empty()) {
    return {};
  }
  const size_t slash = listener.socket.rfind('/');
  std::string line = "127.0.0.1:" + std::to_string(*listener.wish.port) +
                     ":*:*:" + std::string(secret_->Reveal()) + "\n";
  Status written = WriteFileAtomically(
      listener.socket.substr(0, slash) + "/pgpass", line, settings_.tcp.mode);
  WipeString(line);
  return written;
}

void Host::Take(std::shared_ptr<http::Handover> handover,
                const GiveBack& back) {
  auto listener = std::make_shared<HttpListener>();
  listener->give_back = back;
  const auto& uids = settings_.socket.allowed_uids;
  const auto uid = handover->peer().uid;
  const bool known = uids.empty() || (uid && std::find(uids.begin(), uids.end(),
                                                       *uid) != uids.end());
  if (!known) listener->refusal = PeerNotAllowed();
  loop_.Post(
      [this, listener = std::move(listener), handover = std::move(handover)] {
        http_.Adopt(listener, *handover);
      });
}

void Host::Run() {
  loop_.Run();
  http_.CloseAll();
  postgres_.CloseAll();
}

void Host::Review() {
  loop_.Post([this] { postgres_.Review(); });
}

void Host::Stop(std::chrono::milliseconds drain) {
  loop_.Post([this, drain] {
    if (draining_ != nullptr) return;
    http_.BeginStop();
    postgres_.BeginStop(drain);
    draining_ = std::make_unique<Draining>(*this, drain);
  });
}

}  // namespace claviger::sidecar::proxy
