// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL's errors: making one that every client library understands, and
// reading what a server sent, which may lack anything. Pure.
#pragma once

#include <string>
#include <string_view>

namespace claviger::postgres {

/// SQLSTATEs that are made here; docs/guides/postgresql-injection.md lists
/// when.
namespace sqlstate {
inline constexpr std::string_view kProtocolViolation = "08P01";
inline constexpr std::string_view kCannotConnect = "08001";
inline constexpr std::string_view kConnectionLost = "08006";
inline constexpr std::string_view kServerRejected = "08004";
inline constexpr std::string_view kUnsupported = "0A000";
inline constexpr std::string_view kNotAuthorized = "28000";
inline constexpr std::string_view kBadPassword = "28P01";
inline constexpr std::string_view kTooManyConnections = "53300";
inline constexpr std::string_view kRevoked = "57P01";
inline constexpr std::string_view kCannotConnectNow = "57P03";
inline constexpr std::string_view kConfiguration = "F0000";
}  // namespace sqlstate

struct ErrorFields {
  std::string sqlstate;  // five of [0-9A-Z]; empty: the server sent none
  std::string message;
  std::string detail;
  std::string hint;
};

/// A fatal ErrorResponse ('E'). Control characters become spaces and texts are
/// cut, whatever they came from.
std::string MakeError(const ErrorFields& error);

/// From the body of an ErrorResponse. Never fails: what is not there, or is no
/// SQLSTATE, stays empty; texts are cut to 1,024 bytes.
ErrorFields ReadError(std::string_view body);

}  // namespace claviger::postgres
