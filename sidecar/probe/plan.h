// SPDX-License-Identifier: Apache-2.0
//
// How a connection is tested with one credential: where its servers are, how
// they are trusted, and how one logs in there. Holds the secret as it is sent.
// Pure to make; used on one thread.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "sidecar/probe/report.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/postgres/server_plan.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::probe {

struct Server {
  proxy::pg::ServerAddress address;
  /// Null: no TLS of ours, for the reason in Plan::no_tls.
  std::shared_ptr<const proxy::TlsClient> tls;
};

struct Plan {
  std::vector<Server> servers;  // tried in turn
  std::string no_tls;
  /// Empty: a login is tried, by one of those below.
  std::string no_login;

  // PostgreSQL.
  std::shared_ptr<const proxy::pg::ServerPlan> server_plan;
  postgres::Parameters parameters;  // less the user
  std::string database;             // as the connection says
  // HTTP: a whole GET with the credential, whose answer's head is read.
  Secret request;
};

/// The fault of a credential, or of an endpoint, that cannot be used at all.
std::variant<std::shared_ptr<const Plan>, Fault> MakePlan(
    const proxy::Permit& permit, const proxy::Fields& fields);

/// "db.corp:5432", "[2001:db8::1]:5432".
std::string ToString(const proxy::pg::ServerAddress& address);

}  // namespace claviger::sidecar::probe
