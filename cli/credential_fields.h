// SPDX-License-Identifier: Apache-2.0
//
// The body of a credential to be stored, from where secrets may come from:
// files, a terminal, or standard input. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/context.h"

namespace claviger::cli {

/// A JSON object with the keys of `type`. `files`: "KEY=FILE". Without any, the
/// terminal is asked, or a JSON object is read from standard input.
/// kInvalidArgument for what is no KEY=FILE, or a key that the type has not.
Result<Secret> ReadCredentialFields(const std::string& type,
                                    const std::vector<std::string>& files,
                                    Context& context);

}  // namespace claviger::cli
