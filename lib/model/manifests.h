// SPDX-License-Identifier: Apache-2.0
//
// Reads manifests: YAML (yaml-cpp) and JSON into the same values by one
// decoding and one validation, with every problem reported in one go. Bounded:
// 1 MiB a file and a document, nesting 64, no anchors, no aliases, no
// duplicate keys. Blocking file reads; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/objects.h"

namespace claviger::model {

/// Decodes the documents of one file's text. Objects of other kinds are passed
/// over, as are `status` and the metadata that Kubernetes adds. Never fails:
/// what is wrong is in Objects::problems.
Objects DecodeManifests(std::string_view text, const std::string& file,
                        bool is_json);

/// Decodes one object as the Kubernetes API sends it (or a list of them): the
/// same rules, without a file and lines to point to.
Objects DecodeObject(std::string_view json);

/// Reads `path`: a file, or a directory with all *.yaml, *.yml and *.json
/// below it (in name order, hidden entries and links to outside left out, at
/// most 10,000 files). Two objects of the same kind and name: the later one is
/// a problem. What is probably not meant (lint.h) is among the problems as
/// warnings. Fails only where `path` itself cannot be read.
Result<Objects> ReadManifests(const std::string& path);

}  // namespace claviger::model
