// SPDX-License-Identifier: Apache-2.0
#include "model/text.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace claviger::model {
namespace {

constexpr size_t kShown = 64;

unsigned char Byte(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

// The length of the well-formed UTF-8 sequence at `at` (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF), or 0.
size_t SequenceLength(std::string_view text, size_t at) {
  const unsigned char lead = Byte(text, at);
  if (lead < 0x80) return 1;
  size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(Byte(text, at + i))) return 0;
  }
  const unsigned char second = Byte(text, at + 1);
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

bool IsForbiddenControl(unsigned char byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') ||
         byte == 0x7F;
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
      const size_t best =
          std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<BadText> FindBadText(std::string_view text) {
  int line = 1;
  for (size_t at = 0; at < text.size();) {
    const unsigned char byte = Byte(text, at);
    if (IsForbiddenControl(byte)) return BadText{line, "control character"};
    const size_t length = SequenceLength(text, at);
    if (length == 0) return BadText{line, "invalid UTF-8"};
    if (byte == '\n') ++line;
    at += length;
  }
  return std::nullopt;
}

std::optional<BadText> FindOddLineEnd(std::string_view text) {
  static constexpr std::string_view kUnicode[] = {"\xC2\x85", "\xE2\x80\xA8",
                                                  "\xE2\x80\xA9"};
  const auto at = [text](size_t offset, std::string_view what) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto lines = std::count(text.begin(), end, '\n');
    return BadText{1 + static_cast<int>(lines), std::string(what)};
  };
  for (size_t cr = text.find('\r'); cr != std::string_view::npos;
       cr = text.find('\r', cr + 1)) {
    if (Byte(text, cr + 1) != '\n') return at(cr, "lone carriage return");
  }
  for (const std::string_view end : kUnicode) {
    const size_t found = text.find(end);
    if (found != std::string_view::npos) return at(found, "odd line end");
  }
  return std::nullopt;
}

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return !IsContinuation(static_cast<unsigned char>(c)); }));
}

std::string Printable(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7E; },
      '?');
  if (text.size() > kShown) shown += "...";
  return shown;
}

std::string Quoted(std::string_view text) {
  return '"' + Printable(text) + '"';
}

std::optional<std::string> Nearest(
    std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > kShown) return std::nullopt;
  std::optional<std::string> nearest;
  // A third of the letters may differ: more is a different word.
  size_t best = word.size() / 3 + 2;
  for (const std::string_view candidate : candidates) {
    // "user" for username is nearer than any other word.
    const bool shortened =
        word.size() >= 3 && candidate.substr(0, word.size()) == word;
    const size_t distance = shortened ? 1 : EditDistance(word, candidate);
    if (distance >= best || distance >= candidate.size()) continue;
    best = distance;
    nearest = std::string(candidate);
  }
  return nearest;
}

std::string AnyOf(const std::vector<std::string_view>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace claviger::model
