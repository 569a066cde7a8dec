// SPDX-License-Identifier: Apache-2.0
//
// What of a client's startup packet goes to the server: who logs in, and where,
// is the Connection's; how the session is set up is the client's, as far as the
// Connection says nothing. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access/binding.h"
#include "postgres/startup.h"

namespace claviger::sidecar::proxy::pg {

/// What both ends of a session are told.
struct StartupPlan {
  uint32_t minor = 0;               // of protocol 3, asked of the server
  bool minor_lowered = false;       // below what the client asked for
  postgres::Parameters parameters;  // without "user", which the credential has
  std::string database;             // for the log; empty: the user's own
  std::vector<std::string> unknown_options;  // "_pq_.…", not passed on
};

/// `workload` is "namespace/service-account".
std::variant<StartupPlan, postgres::BadPacket> PlanStartup(
    const postgres::StartupPacket& packet, const access::ConnectionFacts& facts,
    std::string_view workload);

}  // namespace claviger::sidecar::proxy::pg
