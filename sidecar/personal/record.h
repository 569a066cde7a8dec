// SPDX-License-Identifier: Apache-2.0
//
// What is kept in a caller's own slot: its fields by our keys, and beside them
// what they were given for (type and EndpointFingerprint), when, and the key of
// the fingerprint by which people tell one credential from another. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/binding.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// The record of the fields in `body`, a JSON object of texts: JSON text to be
/// stored. kInvalidArgument names the key that is missing, unknown or no text;
/// kMalformed, kTooLarge for what is no such object. Never a value.
Result<Secret> MakePersonalRecord(std::string_view body,
                                  const access::ConnectionFacts& facts,
                                  Time now, Random& random);

/// Whether it was stored for what the connection is now.
bool IsForConnection(const Credential& record,
                     const access::ConnectionFacts& facts);

/// What may be shown of a record.
struct PersonalSummary {
  std::string type;
  /// 16 hex digits: HMAC-SHA-256 of the fields, keyed by what is stored with
  /// them, so that nobody can try out guesses.
  std::string fingerprint;
  std::string stored_at;  // RFC 3339
};
PersonalSummary SummaryOf(const Credential& record);

}  // namespace claviger::sidecar
