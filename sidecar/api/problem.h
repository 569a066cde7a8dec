// SPDX-License-Identifier: Apache-2.0
//
// The errors of the local API: RFC 9457 problem documents whose `reason` comes
// from one closed table, which docs/reference/local-api.md repeats. No secret,
// no token and no answer of Vault's gets into one. Plain values; pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/decision.h"
#include "base/result.h"
#include "http/server.h"

namespace claviger::sidecar {

/// One row of the table: what a reason means.
struct ReasonInfo {
  std::string_view reason;
  int status;
  std::string_view title;
};
std::span<const ReasonInfo> AllReasons();

struct Problem {
  std::string_view reason;  // of the table
  std::string detail;
  std::string fix;
  std::vector<std::string> slots = {};
  std::optional<int> retry_after_s = std::nullopt;
  std::string allow = {};        // 405: the methods that this route has
  std::string decision_id = {};  // of the decision log; empty: none was taken

  int status() const;
};

/// The refusal that a decision is. `decision` is not allowed.
Problem FromDecision(const access::Decision& decision);

/// What became of reading `what` ("the credential of slot grant/x") from
/// Vault: SecretMissing, VaultDenied or BackendUnavailable.
Problem FromFetchError(const Error& error, std::string_view what);

/// Nothing was heard from Vault yet, or it refuses this pod's login.
Problem NoBindings(const std::optional<Error>& error);

/// The service account that the bindings open personal slots to is not the one
/// of the pod's token.
Problem AnotherAccount();

http::ServerResponse ToResponse(const Problem& problem);

/// An answer of 200 with a JSON body that must not be kept by anybody.
http::ServerResponse JsonResponse(std::string body, bool secret = false);

}  // namespace claviger::sidecar
