// SPDX-License-Identifier: Apache-2.0
//
// What a file says: one connection and its credential in one format. What the
// format cannot say is refused, and what it said before is not left standing.
// Pure.
#pragma once

#include <map>
#include <string>

#include "access/binding.h"
#include "base/result.h"
#include "base/secret.h"
#include "providers/file_formats.h"

namespace claviger::sidecar::files {

/// The credential by our names of its fields ("username").
using Fields = std::map<std::string, Secret>;
/// By name: one file, or those of a directory (service-binding).
using Contents = std::map<std::string, Secret>;

/// kInvalidArgument: the format and the connection do not fit, or a field
/// cannot be written in it; the message names format and field, no value.
Result<Contents> Render(providers::FileFormat format,
                        const access::ConnectionFacts& facts,
                        const Fields& fields);

}  // namespace claviger::sidecar::files
