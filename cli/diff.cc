// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.h"

#include <algorithm>
#include <cstdint>

namespace claviger::cli {
namespace {

using Kind = DiffLine::Kind;
using Lines = std::vector<std::string_view>;

constexpr size_t kMaxCells = 4'000'000;

Lines Split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The part between what both texts begin and end with.
class Middle {
 public:
  Middle(const Lines& before, const Lines& after, std::vector<DiffLine>& out)
      : before_(before), after_(after), out_(out) {}

  void Run() {
    if (before_.size() * after_.size() > kMaxCells) {
      Emit(Kind::kRemoved, before_);
      Emit(Kind::kAdded, after_);
      return;
    }
    Measure();
    Walk();
  }

 private:
  void Emit(Kind kind, const Lines& lines) {
    for (const std::string_view line : lines) {
      out_.push_back({kind, std::string(line)});
    }
  }

  uint32_t& Common(size_t i, size_t j) {
    return common_[i * (after_.size() + 1) + j];
  }

  // Longest common subsequence of the rests from i and j on.
  void Measure() {
    common_.assign((before_.size() + 1) * (after_.size() + 1), 0);
    for (size_t i = before_.size(); i-- > 0;) {
      for (size_t j = after_.size(); j-- > 0;) {
        Common(i, j) = before_[i] == after_[j]
                           ? Common(i + 1, j + 1) + 1
                           : std::max(Common(i + 1, j), Common(i, j + 1));
      }
    }
  }

  void Walk() {
    size_t i = 0;
    size_t j = 0;
    while (i < before_.size() || j < after_.size()) {
      if (i < before_.size() && j < after_.size() && before_[i] == after_[j]) {
        out_.push_back({Kind::kSame, std::string(before_[i++])});
        ++j;
      } else if (j == after_.size() ||
                 (i < before_.size() && Common(i + 1, j) >= Common(i, j + 1))) {
        out_.push_back({Kind::kRemoved, std::string(before_[i++])});
      } else {
        out_.push_back({Kind::kAdded, std::string(after_[j++])});
      }
    }
  }

  const Lines& before_;
  const Lines& after_;
  std::vector<DiffLine>& out_;
  std::vector<uint32_t> common_;
};

}  // namespace

std::vector<DiffLine> DiffLines(std::string_view before,
                                std::string_view after) {
  const Lines old_lines = Split(before);
  const Lines new_lines = Split(after);
  const size_t shorter = std::min(old_lines.size(), new_lines.size());
  size_t head = 0;
  while (head < shorter && old_lines[head] == new_lines[head]) ++head;
  size_t tail = 0;
  while (tail < shorter - head &&
         *(old_lines.rbegin() + static_cast<std::ptrdiff_t>(tail)) ==
             *(new_lines.rbegin() + static_cast<std::ptrdiff_t>(tail))) {
    ++tail;
  }
  const auto inner = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  std::vector<DiffLine> result;
  for (size_t i = 0; i < head; ++i) {
    result.push_back({Kind::kSame, std::string(old_lines[i])});
  }
  const Lines old_inner = inner(old_lines);
  const Lines new_inner = inner(new_lines);
  Middle(old_inner, new_inner, result).Run();
  for (size_t i = old_lines.size() - tail; i < old_lines.size(); ++i) {
    result.push_back({Kind::kSame, std::string(old_lines[i])});
  }
  return result;
}

std::vector<DiffLine> Shortened(const std::vector<DiffLine>& lines,
                                size_t context) {
  std::vector<char> shown(lines.size(), 0);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].kind == Kind::kSame) continue;
    const size_t last = std::min(lines.size(), i + context + 1);
    for (size_t near = i - std::min(i, context); near < last; ++near) {
      shown[near] = 1;
    }
  }
  std::vector<DiffLine> result;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (shown[i] != 0) {
      result.push_back(lines[i]);
    } else if (i == 0 || shown[i - 1] != 0) {
      result.push_back({Kind::kSame, "..."});
    }
  }
  return result;
}

}  // namespace claviger::cli
