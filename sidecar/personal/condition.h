// SPDX-License-Identifier: Apache-2.0
//
// What has to be stored already for a call to change a caller's own credential:
// If-Match and If-None-Match over the tag of one storing. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/message.h"
#include "sidecar/api/problem.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// "<version>-<fingerprint>": of one storing and no other. The version alone
/// begins anew when everything was removed.
std::string TagOf(const Credential& record);

class Condition {
 public:
  /// Of a call's headers; InvalidRequest where they are not understood.
  static std::variant<Condition, Problem> Of(
      const std::vector<http::Header>& headers);

  /// `stored`: what is there, null where nothing is.
  bool Holds(const Credential* stored) const;
  /// Whether there is anything to hold.
  bool any() const { return nothing_ || tag_.has_value(); }
  /// Whether nothing may be there.
  bool nothing() const { return nothing_; }

 private:
  bool nothing_ = false;            // If-None-Match: *
  std::optional<std::string> tag_;  // If-Match
};

}  // namespace claviger::sidecar
