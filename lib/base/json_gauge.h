// SPDX-License-Identifier: Apache-2.0
//
// Holds whoever reads JSON by events to the bounds of ParseJson, with the same
// errors. Not synchronised.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace claviger {

class JsonGauge {
 public:
  explicit JsonGauge(const JsonLimits& limits) : limits_(limits) {}

  /// Before anything else: kTooLarge over the bytes.
  static Status CheckSize(std::string_view text, const JsonLimits& limits);

  /// Each is true where the reader may go on.
  bool Value();
  bool Open();
  bool Close();
  bool Duplicate();
  bool Malformed(size_t position);

  /// Why it may not, or that what was parsed is no JSON.
  Status Outcome(bool parsed) const;

 private:
  bool Refuse(ErrorCode code, std::string what);

  JsonLimits limits_;
  size_t values_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
};

}  // namespace claviger
