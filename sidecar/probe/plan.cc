// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "providers/catalogue.h"
#include "providers/listeners.h"
#include "sidecar/proxy/http/hygiene.h"
#include "sidecar/proxy/http/placement.h"
#include "sidecar/proxy/http/target.h"
#include "sidecar/proxy/postgres/startup_rules.h"

namespace claviger::sidecar::probe {
namespace {

using Made = std::variant<std::shared_ptr<const Plan>, Fault>;
using proxy::Fields;
using proxy::Permit;
using proxy::TlsClient;

constexpr int kPlainLdap = 389;

// They begin with TLS; others turn to it in a protocol of their own.
constexpr std::array<std::string_view, 6> kTlsFirst = {
    "cassandra", "kafka", "ldap", "mongodb", "rabbitmq", "redis"};
// What a request of HTTP can carry without a signature or another server.
constexpr std::array<std::string_view, 5> kInRequests = {
    "client-cert", "dyn", "header", "password", "token"};

template <size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& names,
             std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Fault Unusable(const Error& error) {
  if (error.code == ErrorCode::kNotFound) {
    return {"SecretMissing", error.message,
            "add the field, or name the right one in keys"};
  }
  return {"CredentialUnusable", error.message,
          "correct the connection's endpoint, or its secret in vault"};
}

Made PlanPostgres(const Permit& permit, const Fields& fields) {
  auto plan = std::make_shared<Plan>();
  auto made = proxy::pg::MakeServerPlan(permit, fields);
  if (!made) return Unusable(made.error());
  plan->server_plan = *std::move(made);
  auto startup = proxy::pg::PlanStartup({}, *permit.facts, permit.caller);
  if (std::holds_alternative<postgres::BadPacket>(startup)) {
    return Fault{"NotReady", "the connection's parameters cannot be sent",
                 "correct endpoint.parameters"};
  }
  auto& sent = std::get<proxy::pg::StartupPlan>(startup);
  plan->parameters = std::move(sent.parameters);
  plan->database = std::move(sent.database);
  const auto& route = plan->server_plan->route;
  for (const auto& address : route->addresses) {
    plan->servers.push_back(
        {address, route->tls
                      ? std::shared_ptr<const TlsClient>(route, &*route->tls)
                      : nullptr});
  }
  plan->no_tls = "endpoint.tls.mode is disable";
  return plan;
}

// A path that the connection allows: its url's own, or the first prefix.
bool FindPath(const model::Endpoint& endpoint, const proxy::Origin& origin,
              proxy::Aimed& aimed) {
  std::vector<std::string> paths = {origin.base.empty() ? "/" : ""};
  for (const std::string& prefix : endpoint.path_prefixes) {
    if (prefix.starts_with(origin.base)) {
      paths.push_back(prefix.substr(origin.base.size()));
    }
  }
  return std::any_of(paths.begin(), paths.end(), [&](const auto& path) {
    return !proxy::Aim(endpoint, origin, "GET", path, aimed);
  });
}

// Why no request is made; empty: one may be, to `aimed`.
std::string FindObstacle(const access::ConnectionFacts& facts,
                         const proxy::Origin& origin, proxy::Aimed& aimed) {
  const bool spoken =
      providers::ProtocolOf(facts.provider) == providers::Protocol::kHttp &&
      facts.provider != "grpc";
  if (!spoken) {
    return "the protocol of " + facts.provider + " is not spoken here";
  }
  if (!IsOneOf(kInRequests, facts.credential_type)) {
    return "credentials of the type " + facts.credential_type +
           " are not tried out by a request";
  }
  if (!FindPath(facts.endpoint, origin, aimed)) {
    return "the connection allows no GET of a path that is known here";
  }
  return "";
}

Made PlanUrl(const Permit& permit, const Fields& fields) {
  const access::ConnectionFacts& facts = *permit.facts;
  const auto origin = proxy::ParseOrigin(facts.endpoint.url);
  if (!origin) {
    return Fault{"NotReady", origin.error().message, "correct endpoint.url"};
  }
  if (!origin->tls && !facts.endpoint.insecure) {
    return Fault{"NotReady", "the url is not https, and nothing says insecure",
                 "correct endpoint.url"};
  }
  auto plan = std::make_shared<Plan>();
  proxy::Aimed aimed;
  plan->no_login = FindObstacle(facts, *origin, aimed);
  proxy::Placement placement;
  if (IsOneOf(kInRequests, facts.credential_type)) {
    auto placed = proxy::MakePlacement(facts, fields);
    if (auto* problem = std::get_if<Problem>(&placed)) {
      return Fault{problem->reason, problem->detail, problem->fix};
    }
    placement = std::move(std::get<proxy::Placement>(placed));
  }
  std::shared_ptr<const TlsClient> tls;
  if (origin->tls) {
    auto made =
        TlsClient::Make(facts.endpoint.tls, origin->host, placement.certificate,
                        facts.provider == "grpc" ? "h2" : "http/1.1");
    if (!made) return Unusable(made.error());
    tls = std::make_shared<const TlsClient>(*std::move(made));
  }
  plan->no_tls = "the url is http";
  plan->servers.push_back({{origin->host, origin->port}, std::move(tls)});
  if (!plan->no_login.empty()) return plan;
  proxy::RequestHead head;
  head.method = "GET";
  head.fields = {{"Accept", "*/*"}, {"User-Agent", "claviger"}};
  std::string text;
  // The time is for signatures, and no type that is tried out has one.
  proxy::AppendRequest(head, *origin, aimed, placement, Time(), text);
  plan->request = Secret(std::move(text));
  return plan;
}

Made PlanHosts(const Permit& permit) {
  const access::ConnectionFacts& facts = *permit.facts;
  const providers::Provider* const provider = providers::Find(facts.provider);
  const int usual = provider == nullptr ? 0 : provider->default_port;
  auto plan = std::make_shared<Plan>();
  plan->no_login = "the protocol of " + facts.provider + " is not spoken here";
  const bool wanted = facts.endpoint.tls.mode != "disable";
  plan->no_tls = wanted ? plan->no_login : "endpoint.tls.mode is disable";
  for (auto& address :
       proxy::pg::AddressesOf(facts, static_cast<uint16_t>(usual))) {
    Server server{std::move(address), nullptr};
    const bool first =
        IsOneOf(kTlsFirst, facts.provider) && server.address.port != kPlainLdap;
    if (wanted && first) {
      auto made =
          TlsClient::Make(facts.endpoint.tls, server.address.host, {}, "");
      if (!made) return Unusable(made.error());
      server.tls = std::make_shared<const TlsClient>(*std::move(made));
    }
    plan->servers.push_back(std::move(server));
  }
  if (plan->servers.empty()) {
    return Fault{"NotReady", "the endpoint names no host",
                 "correct endpoint.host"};
  }
  return plan;
}

}  // namespace

Made MakePlan(const Permit& permit, const Fields& fields) {
  if (!permit.facts->endpoint.url.empty()) return PlanUrl(permit, fields);
  if (providers::ProtocolOf(permit.facts->provider) ==
      providers::Protocol::kPostgres) {
    return PlanPostgres(permit, fields);
  }
  return PlanHosts(permit);
}

std::string ToString(const proxy::pg::ServerAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

}  // namespace claviger::sidecar::probe
