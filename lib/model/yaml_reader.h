// SPDX-License-Identifier: Apache-2.0
//
// YAML text into documents (yaml-cpp behind one file). Only its events are
// used: its own tree expands aliases without a bound and takes the first of
// duplicate keys. Pure.
#pragma once

#include <string_view>

#include "model/document.h"

namespace claviger::model {

/// Reads every document of `text`, which is UTF-8 without control characters
/// (FindBadText). Empty documents are left out.
Documents ReadYaml(std::string_view text);

}  // namespace claviger::model
