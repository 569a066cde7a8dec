// SPDX-License-Identifier: Apache-2.0
//
// Which of several servers will do: libpq's target_session_attrs, as the
// Connection says it. Judged by what a server reports in its greeting, which
// PostgreSQL does since version 14. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace claviger::sidecar::proxy::pg {

enum class SessionAttributes {
  kAny,
  kReadWrite,
  kReadOnly,
  kPrimary,
  kStandby,
  kPreferStandby,  // where there is none: any
};
/// libpq's words; empty: any.
std::optional<SessionAttributes> ParseSessionAttributes(std::string_view word);

enum class Fit { kYes, kNo, kUnsaid };
/// `greeting`: the server's messages between its welcome and ReadyForQuery.
Fit FitOf(SessionAttributes wanted, std::string_view greeting);

}  // namespace claviger::sidecar::proxy::pg
