// SPDX-License-Identifier: Apache-2.0
//
// Why a session cannot be, as PostgreSQL's own errors: a SQLSTATE that client
// libraries act on, a message for people, and a hint that names the Connection,
// the reason and what to do. docs/guides/postgresql-injection.md has the table.
// No secret and nothing that Vault said is in one. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/object.h"
#include "postgres/error_response.h"
#include "postgres/login.h"
#include "sidecar/api/problem.h"

namespace claviger::sidecar::proxy::pg {

/// A refusal of the sidecar's own, or of Vault's.
postgres::ErrorFields FaultOf(const model::ObjectRef& connection,
                              const Problem& problem);
/// The server cannot be connected to.
postgres::ErrorFields FaultOf(const model::ObjectRef& connection,
                              const Error& error);
/// The server did not let us in.
postgres::ErrorFields FaultOf(const model::ObjectRef& connection,
                              const postgres::LoginFailure& failure);
/// One of our own making.
postgres::ErrorFields Fault(const model::ObjectRef& connection,
                            std::string_view sqlstate, std::string_view reason,
                            std::string_view message, std::string_view fix);

/// The reason that the hint names: "CredentialRefused".
std::string ReasonOf(const postgres::ErrorFields& fault);

/// The decision itself says no (and not, say, Vault or the network).
bool IsRevocation(const Problem& problem);

}  // namespace claviger::sidecar::proxy::pg
