// SPDX-License-Identifier: Apache-2.0
//
// Text that people wrote: whether it can be read at all, how it is shown in a
// message, and which known word it may have been meant for. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::model {

/// The first byte that is not text, if any.
struct BadText {
  int line = 0;
  std::string what;
};
/// Looks for invalid UTF-8 and for control characters other than tab and line
/// ends. YAML readers take some of those for the end of the file, and what
/// follows would silently be lost.
std::optional<BadText> FindBadText(std::string_view text);

/// Looks for characters that end a line for some YAML readers and not for
/// others: a lone carriage return, and Unicode's line ends. What is a comment
/// to one would be a field to the other.
std::optional<BadText> FindOddLineEnd(std::string_view text);

/// How many characters (code points) UTF-8 text has.
size_t CountCharacters(std::string_view text);

/// `text` fit for a message: what is not printable ASCII becomes '?', and what
/// is longer than 64 characters is cut.
std::string Printable(std::string_view text);
/// The same in double quotes.
std::string Quoted(std::string_view text);

/// The candidate nearest to `word` by edit distance, if it is near enough for
/// a typing error (capitals do not count), or that `word` is the beginning of.
std::optional<std::string> Nearest(
    std::string_view word, const std::vector<std::string_view>& candidates);

/// "a, b or c".
std::string AnyOf(const std::vector<std::string_view>& words);

}  // namespace claviger::model
