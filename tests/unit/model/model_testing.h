// SPDX-License-Identifier: Apache-2.0
//
// What the tests of lib/model share: problems as lines, and the same document
// in the other syntax.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "model/document.h"
#include "model/manifests.h"
#include "model/yaml_reader.h"
#include "support/json_text.h"

namespace claviger::model {

using testing::JsonText;
using testing::ToJson;

/// "m.yaml:4: spec.provider: ..." for each problem.
inline std::vector<std::string> Lines(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(ToString(problem));
  return lines;
}

inline Objects Yaml(std::string_view text) {
  return DecodeManifests(text, "m.yaml", false);
}

/// The problems of a text, sorted, without file and line: what must not differ
/// between YAML and JSON.
inline std::vector<std::string> Verdicts(const Objects& objects) {
  std::vector<std::string> verdicts;
  for (Problem problem : objects.problems) {
    problem.location = {};
    verdicts.push_back(std::to_string(static_cast<int>(problem.severity)) +
                       " " + problem.object + " " + ToString(problem));
  }
  std::sort(verdicts.begin(), verdicts.end());
  return verdicts;
}

}  // namespace claviger::model
