// SPDX-License-Identifier: Apache-2.0
//
// An object for each list and text, with as many entries or characters in it as
// asked for. Used where manifests are decoded, and where the API server is held
// to the same bounds. Plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::testing {

struct LimitCase {
  std::string path;
  size_t max;
  std::string_view unit;
  std::function<std::string(size_t)> json;
};

std::vector<LimitCase> ListLimits();
std::vector<LimitCase> TextLimits();
/// A Connection that trusts PEM certificates of so many bytes.
std::string ConnectionTrusting(size_t bytes);

}  // namespace claviger::testing
