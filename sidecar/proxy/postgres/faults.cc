// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/faults.h"

#include <algorithm>
#include <array>

#include "access/decision.h"

namespace claviger::sidecar::proxy::pg {
namespace {

namespace sqlstate = postgres::sqlstate;
using postgres::ErrorFields;

struct Row {
  std::string_view reason;
  std::string_view sqlstate;
};
// Reasons that are not here come from the decision: the caller may not.
constexpr std::array<Row, 13> kRows = {{
    {"NotReady", sqlstate::kConfiguration},
    {"InjectionUnsupported", sqlstate::kConfiguration},
    {"AmbiguousCredential", sqlstate::kConfiguration},
    {"NoCredential", sqlstate::kConfiguration},
    {"CapabilityMissing", sqlstate::kConfiguration},
    {"SecretMissing", sqlstate::kConfiguration},
    {"CredentialUnusable", sqlstate::kConfiguration},
    {"CredentialRefused", sqlstate::kBadPassword},
    {"BackendUnavailable", sqlstate::kCannotConnectNow},
    {"Starting", sqlstate::kCannotConnectNow},
    {"LoginRefused", sqlstate::kCannotConnectNow},
    {"RateLimited", sqlstate::kCannotConnectNow},
    {"VaultDenied", sqlstate::kNotAuthorized},
}};

std::string_view StateOf(std::string_view reason) {
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(),
                   [&](const Row& one) { return one.reason == reason; });
  return row == kRows.end() ? sqlstate::kNotAuthorized : row->sqlstate;
}

constexpr std::string_view kAskServer =
    "try again; ask who runs the server, or look at the connection's endpoint";

}  // namespace

ErrorFields Fault(const model::ObjectRef& connection, std::string_view sqlstate,
                  std::string_view reason, std::string_view message,
                  std::string_view fix) {
  ErrorFields fault;
  fault.sqlstate = sqlstate;
  fault.message = message;
  fault.hint =
      "Connection " + model::ToString(connection) + ": " + std::string(reason);
  if (!fix.empty()) fault.hint.append("; ").append(fix);
  return fault;
}

ErrorFields FaultOf(const model::ObjectRef& connection,
                    const Problem& problem) {
  return Fault(connection, StateOf(problem.reason), problem.reason,
               problem.detail, problem.fix);
}

ErrorFields FaultOf(const model::ObjectRef& connection, const Error& error) {
  switch (error.code) {
    case ErrorCode::kPermissionDenied:
      return Fault(connection, sqlstate::kConfiguration, "AddressRefused",
                   error.message,
                   "use a host outside of the pod and the node, or have the "
                   "address allowed in the sidecar's configuration");
    case ErrorCode::kUnauthenticated:
      return Fault(connection, sqlstate::kCannotConnect, "UpstreamUntrusted",
                   error.message, "correct endpoint.tls, or the server");
    case ErrorCode::kDeadlineExceeded:
      return Fault(connection, sqlstate::kCannotConnect, "UpstreamTimeout",
                   error.message, kAskServer);
    case ErrorCode::kInvalidArgument:
      return Fault(connection, sqlstate::kConfiguration, "CredentialUnusable",
                   error.message,
                   "correct the connection's endpoint, or its secret in vault");
    case ErrorCode::kNotFound:
      return Fault(connection, sqlstate::kConfiguration, "SecretMissing",
                   error.message, "add the field to the secret in vault");
    default:
      return Fault(connection, sqlstate::kCannotConnect, "UpstreamUnavailable",
                   error.message, kAskServer);
  }
}

ErrorFields FaultOf(const model::ObjectRef& connection,
                    const postgres::LoginFailure& failure) {
  const std::string& said = failure.error.message;
  switch (failure.fault) {
    case postgres::LoginFault::kRefused:
      break;
    case postgres::LoginFault::kMethod:
      return Fault(connection, sqlstate::kServerRejected, "MethodNotAllowed",
                   said,
                   "have the server use scram-sha-256, or allow the method in "
                   "the endpoint's parameter require_auth");
    case postgres::LoginFault::kImpostor:
      return Fault(connection, sqlstate::kCannotConnect, "UpstreamUntrusted",
                   said, "find out who answers for the endpoint's host");
    case postgres::LoginFault::kProtocol:
      return Fault(connection, sqlstate::kCannotConnect, "UpstreamUnavailable",
                   "the server cannot be spoken with: " + said, kAskServer);
  }
  if (failure.is_credential()) {
    return Fault(connection, failure.error.sqlstate, "CredentialRefused",
                 "the server does not accept the credential of this connection",
                 "have the secret in vault brought in line with the server");
  }
  ErrorFields fault = Fault(
      connection,
      failure.error.sqlstate.empty() ? sqlstate::kServerRejected
                                     : std::string_view(failure.error.sqlstate),
      "UpstreamRefused", said.empty() ? "the server refuses the session" : said,
      failure.error.hint);
  fault.detail = failure.error.detail;
  return fault;
}

// "Connection sales/warehouse: Reason; what to do"
std::string ReasonOf(const ErrorFields& fault) {
  const size_t colon = fault.hint.find(": ");
  if (colon == std::string::npos) return "";
  const size_t begin = colon + 2;
  const size_t end = fault.hint.find(';', begin);
  return fault.hint.substr(begin, end == std::string::npos ? end : end - begin);
}

bool IsRevocation(const Problem& problem) {
  using access::Reason;
  // Vault itself refuses the pod: its role is gone.
  if (problem.reason == "LoginRefused") return true;
  for (const Reason reason :
       {Reason::kNotVisible, Reason::kForbidden, Reason::kDenied,
        Reason::kNotReady, Reason::kInjectionUnsupported,
        Reason::kAmbiguousCredential, Reason::kNotEligible,
        Reason::kEnrollmentRequired, Reason::kNoCredential,
        Reason::kServerSideOnly, Reason::kDisclosureNotAllowed}) {
    if (problem.reason == access::ToString(reason)) return true;
  }
  return false;
}

}  // namespace claviger::sidecar::proxy::pg
