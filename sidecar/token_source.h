// SPDX-License-Identifier: Apache-2.0
//
// The pod's projected token: a file that the kubelet replaces, so it is read
// again at each login and kept nowhere.
#pragma once

#include <string>

#include "sidecar/sidecar.h"

namespace claviger::sidecar {

/// Reads `path` (at most 16 KiB), white space at the end taken off. The file's
/// errors; kMalformed where it is empty.
TokenSource MakeFileTokenSource(std::string path);

}  // namespace claviger::sidecar
