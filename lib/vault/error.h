// SPDX-License-Identifier: Apache-2.0
//
// The one place where an HTTP exchange with Vault becomes an Answer or an
// Error. The table of statuses, and what is done about each failure, is in
// docs/reference/vault-errors.md. Pure.
#pragma once

#include "base/result.h"
#include "http/client.h"
#include "vault/api.h"

namespace claviger::vault {

/// Takes the response of `call` over. An Answer for 2xx with an empty body or
/// a JSON object, and for sys/health; an Error otherwise, whose message names
/// the verb and the path, and quotes Vault only where ShowsVaultsWords allows.
Result<Answer> Classify(const Call& call, http::ClientResponse response);

/// An exchange that yielded no response: the client's error with the verb and
/// path in front, and for writes whether the outcome is known.
Error ClassifyTransport(const Call& call, Error error);

/// True for the few paths whose requests and answers hold no secret, so that
/// Vault's reason for a 400 may be shown: policies, roles, mounts.
bool ShowsVaultsWords(std::string_view path);

/// "write secret/data/sales/dw": how messages name a call.
std::string Describe(const Call& call);

}  // namespace claviger::vault
