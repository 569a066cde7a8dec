// SPDX-License-Identifier: Apache-2.0
//
// Text and documents as JSON, for tests that put objects into words. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/document.h"

namespace claviger::testing {

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
inline std::string ToJson(const model::Node& node) {
  std::string json;
  switch (node.kind) {
    case model::Node::Kind::kNull:
      return "null";
    case model::Node::Kind::kScalar: {
      const bool number =
          !node.text.empty() &&
          node.text.find_first_not_of("0123456789.-e") == std::string::npos &&
          node.text != "." && node.text != "-";
      const bool plain = !node.quoted && (node.text == "true" ||
                                          node.text == "false" || number);
      return plain ? node.text : JsonText(node.text);
    }
    case model::Node::Kind::kMap:
      for (const model::Node& child : node.children) {
        json += (json.empty() ? "" : ", ") + JsonText(child.key) + ": " +
                ToJson(child);
      }
      return "{" + json + "}";
    case model::Node::Kind::kSequence:
      for (const model::Node& child : node.children) {
        json += (json.empty() ? "" : ", ") + ToJson(child);
      }
      return "[" + json + "]";
  }
  return json;
}

}  // namespace claviger::testing
