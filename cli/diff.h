// SPDX-License-Identifier: Apache-2.0
//
// What differs between two texts, line by line, as people read it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace claviger::cli {

struct DiffLine {
  enum class Kind { kSame, kRemoved, kAdded };
  Kind kind = Kind::kSame;
  std::string text;
};

/// Shortest for texts of usual size; over some thousands of changed lines all
/// of them count as replaced, so that it stays quick.
std::vector<DiffLine> DiffLines(std::string_view before,
                                std::string_view after);

/// The changed lines with `context` unchanged ones around each; a kSame line
/// "..." stands for what was left out.
std::vector<DiffLine> Shortened(const std::vector<DiffLine>& lines,
                                size_t context);

}  // namespace claviger::cli
