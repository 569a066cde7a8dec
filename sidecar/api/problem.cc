// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/problem.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::sidecar {
namespace {

constexpr std::array<ReasonInfo, 38> kReasons = {{
    // Of the decision (resolution.md's order).
    {"NotVisible", 404, "No such connection for this caller"},
    {"Forbidden", 403, "The connection may be seen, not used"},
    {"Denied", 403, "A Deny Grant forbids the use"},
    {"NotReady", 422, "The connection was refused by validation"},
    {"InjectionUnsupported", 422, "The provider has no injector"},
    {"AmbiguousCredential", 409, "Several credentials are equally near"},
    {"NotEligible", 403, "The slot asked for is not this caller's"},
    {"EnrollmentRequired", 403, "The caller must store its own credential"},
    {"NoCredential", 422, "There is no credential for this caller"},
    {"ServerSideOnly", 403, "The secret may not leave the sidecar"},
    {"DisclosureNotAllowed", 403, "The caller may not read the secret"},
    // Of the fetch after it.
    {"SecretMissing", 424, "The credential is not in Vault"},
    {"VaultDenied", 424, "Vault refuses the credential"},
    {"BackendUnavailable", 503, "Vault cannot be asked now"},
    // Of what is sent on the application's behalf.
    {"CredentialRefused", 502, "The server does not accept the credential"},
    {"CredentialUnusable", 422, "The credential cannot be used like this"},
    {"CredentialEchoed", 502, "The server's answer showed the credential"},
    {"AddressRefused", 403, "The server's address may not be connected to"},
    {"TargetNotAllowed", 403, "The connection has no such method or path"},
    {"UpstreamUntrusted", 502, "The server's certificate is not trusted"},
    {"UpstreamUnavailable", 502, "The server gives no usable answer"},
    {"UpstreamTimeout", 504, "The server did not answer in time"},
    // Of the pod or the user who asks.
    {"Starting", 503, "The bindings have not been read yet"},
    {"LoginRefused", 503, "Vault refuses this pod's login"},
    {"AnotherAccount", 409, "The bindings are another account's"},
    {"InvalidUserToken", 401, "The end user's token is not accepted"},
    {"UserLoginUnsupported", 501, "No login for end users is configured"},
    {"TooManyClaimGroups", 422, "The token is in too many groups"},
    // Of the request.
    {"InvalidRequest", 400, "The request is not understood"},
    {"BadSecret", 401, "The pod's secret is missing or wrong"},
    {"PeerNotAllowed", 403, "This process may not call"},
    {"BrowserRefused", 403, "Web pages may not call"},
    {"HostRefused", 403, "The Host header is not this listener's"},
    {"UnknownRoute", 404, "There is no such route"},
    {"MethodNotAllowed", 405, "The route does not have this method"},
    {"VersionMoved", 412, "Somebody else stored it first"},
    {"RateLimited", 429, "Asked too often"},
    {"CapabilityMissing", 501, "This sidecar cannot do that yet"},
}};

const ReasonInfo& InfoOf(std::string_view reason) {
  const auto* const info =
      std::find_if(kReasons.begin(), kReasons.end(),
                   [&](const ReasonInfo& row) { return row.reason == reason; });
  // Reasons are written in this folder, next to the table.
  return info == kReasons.end() ? kReasons.front() : *info;
}

}  // namespace

std::span<const ReasonInfo> AllReasons() { return kReasons; }

int Problem::status() const { return InfoOf(reason).status; }

Problem FromDecision(const access::Decision& decision) {
  return {access::ToString(decision.reason), decision.detail, decision.fix,
          decision.slots};
}

Problem FromFetchError(const Error& error, std::string_view what) {
  const std::string object(what);
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {"SecretMissing", object + " is not in vault",
              "have the secret written to the path that the connection names"};
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kInvalidArgument:
      return {"VaultDenied", "vault refuses " + object,
              "ask whoever runs claviger whether the operator could write "
              "this service account's policy"};
    default:
      return {"BackendUnavailable",
              object + " cannot be read from vault now (" +
                  std::string(ToString(error.code)) + ")",
              "try again; the sidecar's log and its /readyz say more",
              {},
              1};
  }
}

Problem NoBindings(const std::optional<Error>& error) {
  const bool refused = error && (error->code == ErrorCode::kPermissionDenied ||
                                 error->code == ErrorCode::kInvalidArgument);
  if (refused) {
    return {"LoginRefused",
            "vault refuses to log this pod's service account in",
            "check that the operator runs and that this service account is "
            "named by an object, or its pod labelled for injection",
            {},
            1};
  }
  return {"Starting",
          error ? "the bindings could not be read from vault yet (" +
                      std::string(ToString(error->code)) + ")"
                : "the bindings have not been read from vault yet",
          "try again in a moment",
          {},
          1};
}

Problem AnotherAccount() {
  return {"AnotherAccount",
          "the bindings name another service account uid than this pod's own "
          "token, so no credential of the account's own is read or stored",
          "try again once the operator has noticed that the service account "
          "was made anew; of a pod that was left behind, start another"};
}

http::ServerResponse ToResponse(const Problem& problem) {
  const ReasonInfo& info = InfoOf(problem.reason);
  nlohmann::ordered_json body;
  body["type"] = "https://claviger.io/problems/" + std::string(info.reason);
  body["title"] = info.title;
  body["status"] = info.status;
  body["detail"] = problem.detail;
  body["reason"] = info.reason;
  body["fix"] = problem.fix;
  body["slots"] = problem.slots;
  if (!problem.decision_id.empty()) body["decisionId"] = problem.decision_id;
  http::ServerResponse response;
  response.status = info.status;
  response.headers = {{"Content-Type", "application/problem+json"},
                      {"Cache-Control", "no-store"}};
  if (problem.retry_after_s) {
    response.headers.emplace_back("Retry-After",
                                  std::to_string(*problem.retry_after_s));
  }
  if (!problem.allow.empty()) {
    response.headers.emplace_back("Allow", problem.allow);
  }
  response.body = DumpJson(body);
  return response;
}

http::ServerResponse JsonResponse(std::string body, bool secret) {
  http::ServerResponse response;
  response.headers = {{"Content-Type", "application/json"},
                      {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  response.secret = secret;
  return response;
}

}  // namespace claviger::sidecar
