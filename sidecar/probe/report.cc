// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/report.h"

#include <algorithm>
#include <array>

namespace claviger::sidecar::probe {
namespace {

constexpr std::array<std::string_view, 6> kSteps = {
    "credential", "name", "address", "connect", "tls", "login"};
// By step: what to do where the server does not answer.
constexpr std::array<std::string_view, 6> kFixes = {
    "try again; the sidecar's log and its /readyz say more",
    "correct endpoint.host or endpoint.url, or the pod's DNS",
    "name another host, or have the sidecar's configuration allow the address",
    "correct the endpoint's host and port; see whether the server runs, and "
    "whether NetworkPolicies and firewalls let the pod out to it",
    "see whether the server speaks TLS at this port; endpoint.tls says how",
    "see the server's own log; try again"};

constexpr std::string_view kSameSecret =
    "have the secret in vault brought in line with the server, then report it "
    "as failed or wait until the sidecar compares it";

// PostgreSQL's states that say more than "no". Only these are named, so that a
// server decides nothing about the texts.
struct State {
  std::string_view sqlstate;
  std::string_view reason;
  std::string_view detail;
  std::string_view fix;
};
constexpr std::array<State, 8> kStates = {{
    {"28P01", "CredentialRefused", "the server does not accept the credential",
     kSameSecret},
    {"28000", "CredentialRefused",
     "the server does not let this user in, or not from here",
     "see the server's pg_hba.conf, and whether the role may log in; then the "
     "secret in vault"},
    {"3D000", "UpstreamRefused", "the server has no such database",
     "correct endpoint.database, or have the database made"},
    {"42501", "UpstreamRefused", "the user may not connect to the database",
     "have CONNECT on the database granted to the user"},
    {"53300", "UpstreamUnavailable", "the server has no connection left",
     "try again; have the server's max_connections looked at"},
    {"57P03", "UpstreamUnavailable", "the server takes no connections now",
     "try again once the server has started"},
    {"22023", "UpstreamRefused", "the server refuses a parameter",
     "correct endpoint.parameters"},
    {"42704", "UpstreamRefused", "the server refuses a parameter",
     "correct endpoint.parameters"},
}};

Fault Refused(std::string_view sqlstate, const std::string& database) {
  const auto* const state =
      std::find_if(kStates.begin(), kStates.end(),
                   [&](const State& row) { return row.sqlstate == sqlstate; });
  if (state == kStates.end()) {
    return {"UpstreamRefused", "the server refuses the session",
            "see the server's own log"};
  }
  Fault fault{state->reason, std::string(state->detail),
              std::string(state->fix)};
  if (sqlstate == "3D000") {
    fault.detail +=
        database.empty() ? " as the user's name, and none is named" : "";
    if (!database.empty()) fault.detail += " as " + database;
  }
  fault.detail += " (SQLSTATE " + std::string(sqlstate) + ")";
  return fault;
}

}  // namespace

std::string_view ToString(Step step) {
  return kSteps[static_cast<size_t>(step)];
}

std::string_view ToString(Ended ended) {
  switch (ended) {
    case Ended::kOk:
      return "ok";
    case Ended::kFailed:
      return "failed";
    case Ended::kUnproven:
      break;
  }
  return "unproven";
}

Fault FaultOf(Step step, const Error& error) {
  const auto at = static_cast<size_t>(step);
  switch (error.code) {
    case ErrorCode::kPermissionDenied:
      return {"AddressRefused", error.message,
              std::string(kFixes[static_cast<size_t>(Step::kAddress)])};
    case ErrorCode::kUnauthenticated:
      return {"UpstreamUntrusted", error.message,
              "correct endpoint.tls (caBundle, serverName), or the server's "
              "certificate"};
    case ErrorCode::kDeadlineExceeded:
      return {"UpstreamTimeout", error.message, std::string(kFixes[at])};
    default:
      return {"UpstreamUnavailable", error.message, std::string(kFixes[at])};
  }
}

Fault FaultOf(const postgres::LoginFailure& failure,
              const std::string& database) {
  switch (failure.fault) {
    case postgres::LoginFault::kRefused:
      break;
    case postgres::LoginFault::kMethod:
      return {"UpstreamRefused",
              "the server asks for a way to log in that is not allowed",
              "have the server use scram-sha-256, or allow the method in the "
              "endpoint's parameter require_auth"};
    case postgres::LoginFault::kImpostor:
      return {"UpstreamUntrusted",
              "the server could not prove to know the password",
              "find out who answers for the endpoint's host"};
    case postgres::LoginFault::kProtocol:
      return {"UpstreamUnavailable",
              "what answers does not speak PostgreSQL's protocol",
              "correct the endpoint's host and port"};
  }
  return Refused(failure.error.sqlstate, database);
}

LoginEnd EndOf(int status) {
  const std::string said = "the server answered " + std::to_string(status);
  constexpr int kUnauthorized = 401;
  constexpr int kForbidden = 403;
  constexpr int kProxy = 407;
  if (status == kUnauthorized || status == kForbidden || status == kProxy) {
    return {Ended::kFailed, said,
            Fault{"CredentialRefused", said, std::string(kSameSecret)}};
  }
  if (status >= 500) {
    return {Ended::kFailed, said,
            Fault{"UpstreamUnavailable", said, "see the server's own log"}};
  }
  if (status >= 400) {
    return {Ended::kUnproven,
            said + ", which says nothing about the credential"};
  }
  return {Ended::kOk, said};
}

}  // namespace claviger::sidecar::probe
