// SPDX-License-Identifier: Apache-2.0
//
// Small files in and out, bounded and whole. Blocking; thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace claviger {

/// The whole file, if it is regular and no larger than `max_bytes`
/// (kTooLarge). kNotFound, kPermissionDenied or kUnavailable otherwise.
Result<std::string> ReadFile(const std::string& path, size_t max_bytes);

/// Replaces `path` in one step: a new file of mode `mode` in the same
/// directory, synced, then renamed. On failure the old file is untouched.
Status WriteFileAtomically(const std::string& path, std::string_view bytes,
                           unsigned mode);

}  // namespace claviger
