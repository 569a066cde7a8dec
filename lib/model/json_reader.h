// SPDX-License-Identifier: Apache-2.0
//
// JSON text into a document with line numbers (nlohmann's event interface
// behind one file; it needs no tree of its own). Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/document.h"

namespace claviger::model {

/// Reads the one value that `text` holds. Numbers, booleans and null become
/// plain scalars as they were written, strings quoted ones.
Documents ReadJson(std::string_view text);

/// The same for an object of the Kubernetes API: without lines, and without
/// what its metadata.managedFields hold, which nobody reads. The errors of
/// ParseJson: nothing of what breaks a bound or a rule of it is returned.
Result<Node> ReadApiJson(std::string_view text, const JsonLimits& limits);

}  // namespace claviger::model
