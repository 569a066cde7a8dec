// SPDX-License-Identifier: Apache-2.0
//
// SASLprep (RFC 4013), by which PostgreSQL makes one of many spellings of a
// password before SCRAM. It is not done here: it is only known whether it
// would change something, so that such a password is refused with a reason
// instead of by the server without one. Pure and thread-safe.
#pragma once

#include <string_view>

namespace claviger::postgres {

/// Whether a server would take other bytes than these for the password. False
/// for what is no UTF-8, which PostgreSQL takes as it is.
bool IsChangedBySaslPrep(std::string_view password);

}  // namespace claviger::postgres
