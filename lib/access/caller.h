// SPDX-License-Identifier: Apache-2.0
//
// Who asks: a service account, or a user with the claims of a verified token.
// Plain values; pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/object.h"

namespace claviger::access {

/// A claim may hold several values ("groups"); a single value is a list of one.
using Claims = std::map<std::string, std::vector<std::string>>;

struct Caller {
  enum class Kind { kServiceAccount, kUser };
  Kind kind = Kind::kServiceAccount;
  std::string ns;    // service accounts only
  std::string name;  // the service account's, or the user's
  Claims claims;     // users only

  static Caller ServiceAccount(std::string ns, std::string name);
  static Caller User(std::string name, Claims claims = {});
};

/// "sa/<ns>/<name>" or "user/<name>".
std::string ToString(const Caller& caller);

/// Reads the two forms above, names checked. kInvalidArgument otherwise.
Result<Caller> ParseCaller(std::string_view text);

}  // namespace claviger::access
