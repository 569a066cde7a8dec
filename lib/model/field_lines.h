// SPDX-License-Identifier: Apache-2.0
//
// On which line of its file each field of an object stands, so that whatever
// finds fault with it later can still point there. Immutable after
// construction, and then safe to share between threads.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/document.h"

namespace claviger::model {

class FieldLines {
 public:
  /// Deeper and later fields than any object of ours has are left out, so that
  /// a hostile document cannot make this large.
  static constexpr int kMaxDepth = 8;
  static constexpr size_t kMaxFields = 10'000;

  explicit FieldLines(const Node& root);

  /// The line of "spec.sharing.groups[1]", or of the nearest field around it
  /// that exists.
  int LineOf(std::string_view path) const;

 private:
  void Add(const Node& node, const std::string& path, int depth);

  std::vector<std::pair<std::string, int>> lines_;  // sorted by path
  int root_line_ = 0;
};

}  // namespace claviger::model
