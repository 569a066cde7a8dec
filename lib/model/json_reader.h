// SPDX-License-Identifier: Apache-2.0
//
// JSON text into a document with line numbers (nlohmann's event interface
// behind one file; it needs no tree of its own). Pure.
#pragma once

#include <string_view>

#include "model/document.h"

namespace claviger::model {

/// Reads the one value that `text` holds. Numbers, booleans and null become
/// plain scalars as they were written, strings quoted ones.
Documents ReadJson(std::string_view text);

}  // namespace claviger::model
