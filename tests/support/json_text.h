// SPDX-License-Identifier: Apache-2.0
//
// Text and documents as JSON, for tests that put objects into words. Pure.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

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

/// "0.1.0" is none, and neither is "007".
inline bool IsJsonNumber(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const size_t digit = text.starts_with('-') ? 1 : 0;
  const bool leading_zero = text.size() > digit + 1 && text[digit] == '0' &&
                            text[digit + 1] >= '0' && text[digit + 1] <= '9';
  return error == std::errc() && stop == end && !leading_zero &&
         text.find_first_not_of("0123456789.-e") == std::string::npos;
}

/// A document of plain and quoted scalars as JSON: plain ones that JSON has no
/// word for become text, as YAML takes them for.
inline std::string ToJson(const model::Node& node) {
  std::string json;
  switch (node.kind) {
    case model::Node::Kind::kNull:
      return "null";
    case model::Node::Kind::kScalar: {
      const bool plain =
          !node.quoted && (node.text == "true" || node.text == "false" ||
                           IsJsonNumber(node.text));
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
