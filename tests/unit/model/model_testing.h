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

namespace claviger::model {

/// "m.yaml:4: spec.provider: ..." for each problem.
inline std::vector<std::string> Lines(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(ToString(problem));
  return lines;
}

inline Objects Yaml(std::string_view text) {
  return DecodeManifests(text, "m.yaml", false);
}

inline std::string JsonText(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4U];
      json += kHex[byte & 0xFU];
    } else {
      if (c == '"' || c == '\\') json += '\\';
      json += c;
    }
  }
  return json + '"';
}

/// A document of plain and quoted scalars as JSON: plain ones that JSON has no
/// word for become text, as YAML takes them for.
inline std::string ToJson(const Node& node) {
  std::string json;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar: {
      const bool number =
          !node.text.empty() &&
          node.text.find_first_not_of("0123456789.-e") == std::string::npos &&
          node.text != "." && node.text != "-";
      const bool plain = !node.quoted && (node.text == "true" ||
                                          node.text == "false" || number);
      return plain ? node.text : JsonText(node.text);
    }
    case Node::Kind::kMap:
      for (const Node& child : node.children) {
        json += (json.empty() ? "" : ", ") + JsonText(child.key) + ": " +
                ToJson(child);
      }
      return "{" + json + "}";
    case Node::Kind::kSequence:
      for (const Node& child : node.children) {
        json += (json.empty() ? "" : ", ") + ToJson(child);
      }
      return "[" + json + "]";
  }
  return json;
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
