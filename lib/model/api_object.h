// SPDX-License-Identifier: Apache-2.0
//
// One object as the Kubernetes API sends it, parsed once: what it says, decoded
// from the tree that others read its metadata and status from. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/document.h"
#include "model/objects.h"

namespace claviger::model {

/// As DecodeObject of that text (manifests.h), which ReadApiJson
/// (json_reader.h) read as `root`.
Objects DecodeApiObject(std::string_view json, const Node& root);

/// The JSON string under that key; "" where there is none.
std::string TextAt(const Node& map, std::string_view key);

/// Of a number that is whole.
std::optional<int64_t> IntegerOf(const Node& number);

}  // namespace claviger::model
