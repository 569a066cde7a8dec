// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/quoting.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace claviger::sidecar::files {
namespace {

constexpr size_t kMaxMyCnf = 4'000;
constexpr std::string_view kNul("\0", 1);

bool HasAnyOf(std::string_view text, std::string_view letters) {
  return text.find_first_of(letters) != std::string_view::npos;
}

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void AppendHex(std::string& out, uint32_t value, int digits) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kDigits[(value >> static_cast<unsigned>(shift)) & 0xFU];
  }
}

// Takes one code point off `text`; absent where it is not UTF-8.
std::optional<uint32_t> TakeCodePoint(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  size_t length = 1;
  uint32_t point = first;
  if (first >= 0xF0) {
    length = 4;
    point = first & 0x07U;
  } else if (first >= 0xE0) {
    length = 3;
    point = first & 0x0FU;
  } else if (first >= 0xC2) {
    length = 2;
    point = first & 0x1FU;
  } else if (first >= 0x80) {
    return std::nullopt;
  }
  if (text.size() < length) return std::nullopt;
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (byte & 0x3FU);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kLeast[length] || point > 0x10FFFF || surrogate) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return point;
}

// Letters that a YAML reader would fold, refuse or take for a line end.
bool IsSpecialInYaml(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 ||
         point == 0x2029 || point == 0xFEFF || point == 0xFFFE ||
         point == 0xFFFF;
}

void AppendUtf16(std::string& out, uint32_t point) {
  const auto unit = [&out](uint32_t value) {
    out += "\\u";
    AppendHex(out, value, 4);
  };
  if (point < 0x10000) return unit(point);
  point -= 0x10000;
  unit(0xD800 + (point >> 10U));
  unit(0xDC00 + (point & 0x3FFU));
}

}  // namespace

Quoted ForShell(std::string_view text) {
  if (HasAnyOf(text, kNul)) return std::nullopt;
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Quoted ForDotenv(std::string_view text) {
  // Replaced by some in any quotes.
  if (text.find("${") != std::string_view::npos) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), IsControl)) return std::nullopt;
  if (!HasAnyOf(text, "'\\")) return "'" + std::string(text) + "'";
  if (HasAnyOf(text, "\"\\$`")) return std::nullopt;
  return "\"" + std::string(text) + "\"";
}

Quoted ForYaml(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::string_view before = text;
    const auto point = TakeCodePoint(text);
    if (!point) return std::nullopt;
    if (*point == '"' || *point == '\\') {
      out += '\\';
      out += static_cast<char>(*point);
    } else if (IsSpecialInYaml(*point)) {
      out += "\\u";
      AppendHex(out, *point, 4);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out + "\"";
}

Quoted ForPgpass(std::string_view text) {
  if (HasAnyOf(text, "\n\r") || HasAnyOf(text, kNul)) return std::nullopt;
  std::string out;
  // "*" alone would match anything.
  if (text == "*") return "\\*";
  for (const char c : text) {
    if (c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

Quoted ForMyCnf(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    static constexpr std::pair<char, char> kEscapes[] = {
        {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'},
        {'\b', 'b'}, {'"', '"'},  {'\\', '\\'}};
    const auto* const escape =
        std::find_if(std::begin(kEscapes), std::end(kEscapes),
                     [c](const auto& one) { return one.first == c; });
    if (escape != std::end(kEscapes)) {
      out += '\\';
      out += escape->second;
    } else if (IsControl(c)) {
      return std::nullopt;
    } else {
      out += c;
    }
  }
  if (out.size() > kMaxMyCnf) return std::nullopt;
  return out + "\"";
}

Quoted ForAws(std::string_view text) {
  const bool plain =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '#' && c != ';' && c != '"' &&
               c != '\'' && c != '\\' && c != '%';
      });
  if (!plain) return std::nullopt;
  return std::string(text);
}

Quoted ForNetrc(std::string_view text) {
  const bool plain =
      !text.empty() && text.front() != '#' &&
      std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
      });
  if (!plain) return std::nullopt;
  return std::string(text);
}

Quoted ForProperties(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto point = TakeCodePoint(text);
    if (!point || *point == 0) return std::nullopt;
    if (*point < 0x20 || *point > 0x7E) {
      AppendUtf16(out, *point);
      continue;
    }
    const auto c = static_cast<char>(*point);
    if (c == '\\' || c == '=' || c == ':' || c == '#' || c == '!' || c == ' ') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace claviger::sidecar::files
