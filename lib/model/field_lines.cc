// SPDX-License-Identifier: Apache-2.0
#include "model/field_lines.h"

#include <algorithm>

#include "model/text.h"

namespace claviger::model {

FieldLines::FieldLines(const Node& root) : root_line_(root.line) {
  Add(root, "", 0);
  // Stable: of duplicate keys the first one's line counts.
  std::stable_sort(
      lines_.begin(), lines_.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
}

void FieldLines::Add(const Node& node, const std::string& path, int depth) {
  if (depth > kMaxDepth || lines_.size() >= kMaxFields) return;
  if (!path.empty()) {
    lines_.emplace_back(path, node.key_line > 0 ? node.key_line : node.line);
  }
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = node.children[i];
    if (node.kind == Node::Kind::kSequence) {
      Add(child, path + "[" + std::to_string(i) + "]", depth + 1);
    } else {
      std::string below = path;
      if (!below.empty()) below += '.';
      Add(child, below.append(Printable(child.key)), depth + 1);
    }
  }
}

int FieldLines::LineOf(std::string_view path) const {
  while (!path.empty()) {
    const auto found =
        std::lower_bound(lines_.begin(), lines_.end(), path,
                         [](const auto& entry, std::string_view key) {
                           return entry.first < key;
                         });
    if (found != lines_.end() && found->first == path) return found->second;
    const size_t cut = path.find_last_of(".[");
    path = path.substr(0, cut == std::string_view::npos ? 0 : cut);
  }
  return root_line_;
}

}  // namespace claviger::model
