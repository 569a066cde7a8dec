// SPDX-License-Identifier: Apache-2.0
#include "sidecar/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>

namespace claviger::sidecar {
namespace {

constexpr std::array<std::string_view, 11> kRoutes = {
    "list", "connection", "credential", "aws",   "explain", "report_failed",
    "test", "personal",   "http",       "watch", "other"};
constexpr std::array<std::string_view, 5> kClasses = {"1xx", "2xx", "3xx",
                                                      "4xx", "5xx"};

using CounterFamily = prometheus::Family<prometheus::Counter>;

CounterFamily& Counters(prometheus::Registry& registry, const char* name,
                        const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Gauge& SingleGauge(prometheus::Registry& registry, const char* name,
                               const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(
      {});
}

std::string ResultLabel(const std::optional<ErrorCode>& error) {
  return error ? std::string(ToString(*error)) : "ok";
}

double Seconds(Time when) {
  return static_cast<double>(when.time_since_epoch().count()) / 1000.0;
}

}  // namespace

std::string_view ToString(Route route) {
  return kRoutes[static_cast<size_t>(route)];
}

struct Metrics::Families {
  using ByClass = std::array<prometheus::Counter*, kClasses.size()>;

  Families() {
    for (size_t route = 0; route < kRoutes.size(); ++route) {
      for (size_t c = 1; c < kClasses.size(); ++c) {
        by_route[route][c] =
            &requests.Add({{"route", std::string(kRoutes[route])},
                           {"status", std::string(kClasses[c])}});
      }
      by_route[route][0] = by_route[route][1];  // 1xx never happens
    }
    for (size_t c = 0; c < kClasses.size(); ++c) {
      proxied_by_class[c] =
          &proxied.Add({{"status", std::string(kClasses[c])}});
    }
  }

  prometheus::Registry registry;
  CounterFamily& requests =
      Counters(registry, "claviger_sidecar_requests_total",
               "Answers of the local API, by route and class of status.");
  CounterFamily& logins = Counters(
      registry, "claviger_sidecar_logins_total",
      "Logins to Vault, by who logged in (pod, user) and how it ended.");
  CounterFamily& renewals =
      Counters(registry, "claviger_sidecar_renewals_total",
               "Renewals of the pod's Vault token, by how they ended.");
  CounterFamily& lease_renewals =
      Counters(registry, "claviger_sidecar_lease_renewals_total",
               "Attempts to prolong a credential's lease.");
  CounterFamily& reads =
      Counters(registry, "claviger_sidecar_credential_reads_total",
               "Reads of credentials from Vault, by how they ended.");
  CounterFamily& decisions = Counters(
      registry, "claviger_sidecar_decisions_total",
      "Calls by whether the decision log tells of them (written, left_out).");
  CounterFamily& push = Counters(
      registry, "claviger_sidecar_push_total",
      "News of changes that led to a look (news), lines that ended (ended).");
  prometheus::Gauge& generation =
      SingleGauge(registry, "claviger_sidecar_bindings_generation",
                  "Generation of the bindings in use.");
  prometheus::Gauge& connections =
      SingleGauge(registry, "claviger_sidecar_connections",
                  "Connections in the bindings in use.");
  prometheus::Gauge& checked = SingleGauge(
      registry, "claviger_sidecar_bindings_checked_timestamp_seconds",
      "When the bindings were last compared with Vault's with success.");
  prometheus::Gauge& fresh =
      SingleGauge(registry, "claviger_sidecar_credentials_fresh",
                  "Cached credentials that Vault confirmed when last asked.");
  prometheus::Gauge& stale = SingleGauge(
      registry, "claviger_sidecar_credentials_stale",
      "Cached credentials served although Vault could not be asked.");
  prometheus::Gauge& login_ends =
      SingleGauge(registry, "claviger_sidecar_login_expiry_timestamp_seconds",
                  "When the pod's Vault token ends unless it is renewed.");
  prometheus::Gauge& watchers =
      SingleGauge(registry, "claviger_sidecar_watchers", "Open event streams.");
  prometheus::Gauge& users =
      SingleGauge(registry, "claviger_sidecar_user_sessions",
                  "End users' logins that are kept for reuse.");
  CounterFamily& proxied = Counters(
      registry, "claviger_sidecar_proxied_requests_total",
      "Requests sent on for the application, or refused there, by class of "
      "status.");
  CounterFamily& proxied_bytes =
      Counters(registry, "claviger_sidecar_proxied_bytes_total",
               "Bytes of their bodies, by direction (in: to the server).");
  prometheus::Counter& proxied_in = proxied_bytes.Add({{"direction", "in"}});
  prometheus::Counter& proxied_out = proxied_bytes.Add({{"direction", "out"}});
  prometheus::Counter& proxied_seconds =
      Counters(registry, "claviger_sidecar_proxied_seconds_total",
               "Time from a request's head to the end of its answer, summed.")
          .Add({});
  CounterFamily& sessions = Counters(
      registry, "claviger_sidecar_sessions_total",
      "Database sessions for the application that have ended, by result "
      "(opened or refused).");
  prometheus::Counter& sessions_opened = sessions.Add({{"result", "opened"}});
  prometheus::Counter& sessions_refused = sessions.Add({{"result", "refused"}});
  CounterFamily& session_bytes =
      Counters(registry, "claviger_sidecar_session_bytes_total",
               "Bytes of ended database sessions, by direction (in: to the "
               "server).");
  prometheus::Counter& session_in = session_bytes.Add({{"direction", "in"}});
  prometheus::Counter& session_out = session_bytes.Add({{"direction", "out"}});
  prometheus::Counter& session_seconds =
      Counters(registry, "claviger_sidecar_session_seconds_total",
               "How long ended database sessions were open, summed.")
          .Add({});
  prometheus::Gauge& sessions_open =
      SingleGauge(registry, "claviger_sidecar_sessions_open",
                  "Database sessions that are open for the application.");
  std::array<ByClass, kRoutes.size()> by_route{};
  ByClass proxied_by_class{};
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest(Route route, int status) {
  const size_t status_class =
      status >= 100 && status < 600 ? static_cast<size_t>(status) / 100 - 1 : 4;
  families_->by_route[static_cast<size_t>(route)][status_class]->Increment();
}

void Metrics::CountLogin(std::string_view who,
                         const std::optional<ErrorCode>& error) {
  families_->logins
      .Add({{"who", std::string(who)}, {"result", ResultLabel(error)}})
      .Increment();
}

void Metrics::CountProxied(int status, uint64_t bytes_in, uint64_t bytes_out,
                           std::chrono::milliseconds took) {
  const size_t status_class =
      status >= 100 && status < 600 ? static_cast<size_t>(status) / 100 - 1 : 4;
  families_->proxied_by_class[status_class]->Increment();
  families_->proxied_in.Increment(static_cast<double>(bytes_in));
  families_->proxied_out.Increment(static_cast<double>(bytes_out));
  families_->proxied_seconds.Increment(static_cast<double>(took.count()) /
                                       1000.0);
}

void Metrics::CountSession(bool opened, uint64_t bytes_in, uint64_t bytes_out,
                           std::chrono::milliseconds took) {
  if (!opened) return families_->sessions_refused.Increment();
  families_->sessions_opened.Increment();
  families_->session_in.Increment(static_cast<double>(bytes_in));
  families_->session_out.Increment(static_cast<double>(bytes_out));
  families_->session_seconds.Increment(static_cast<double>(took.count()) /
                                       1000.0);
}

void Metrics::SetSessions(size_t open) {
  families_->sessions_open.Set(static_cast<double>(open));
}

void Metrics::CountRenewal(const std::optional<ErrorCode>& error) {
  families_->renewals.Add({{"result", ResultLabel(error)}}).Increment();
}

void Metrics::CountLeaseRenewal(const std::optional<ErrorCode>& error) {
  families_->lease_renewals.Add({{"result", ResultLabel(error)}}).Increment();
}

void Metrics::CountRead(const std::optional<ErrorCode>& error) {
  families_->reads.Add({{"result", ResultLabel(error)}}).Increment();
}

void Metrics::CountDecisions(std::string_view result, int64_t count) {
  families_->decisions.Add({{"result", std::string(result)}})
      .Increment(static_cast<double>(count));
}

void Metrics::CountPush(std::string_view what) {
  families_->push.Add({{"event", std::string(what)}}).Increment();
}

void Metrics::SetBindings(int64_t generation, size_t connections) {
  families_->generation.Set(static_cast<double>(generation));
  families_->connections.Set(static_cast<double>(connections));
}

void Metrics::SetBindingsChecked(Time when) {
  families_->checked.Set(Seconds(when));
}

void Metrics::SetCredentials(size_t fresh, size_t stale) {
  families_->fresh.Set(static_cast<double>(fresh));
  families_->stale.Set(static_cast<double>(stale));
}

void Metrics::SetLoginEnds(Time when) {
  families_->login_ends.Set(Seconds(when));
}

void Metrics::SetWatchers(size_t count) {
  families_->watchers.Set(static_cast<double>(count));
}

void Metrics::SetUserSessions(size_t count) {
  families_->users.Set(static_cast<double>(count));
}

std::string Metrics::Serialize() const {
  return prometheus::TextSerializer().prometheus::Serializer::Serialize(
      families_->registry.Collect());
}

}  // namespace claviger::sidecar
