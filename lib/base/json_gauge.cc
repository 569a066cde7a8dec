// SPDX-License-Identifier: Apache-2.0
#include "base/json_gauge.h"

#include <string>
#include <utility>

namespace claviger {

Status JsonGauge::CheckSize(std::string_view text, const JsonLimits& limits) {
  if (text.size() <= limits.max_bytes) return {};
  return Fail(
      ErrorCode::kTooLarge,
      "JSON is larger than " + std::to_string(limits.max_bytes) + " bytes");
}

// The first error is the one that counts.
bool JsonGauge::Refuse(ErrorCode code, std::string what) {
  if (!error_) error_ = Error{code, std::move(what)};
  return false;
}

bool JsonGauge::Value() {
  if (++values_ <= limits_.max_values) return true;
  return Refuse(
      ErrorCode::kTooLarge,
      "JSON has more than " + std::to_string(limits_.max_values) + " values");
}

bool JsonGauge::Open() {
  if (!Value()) return false;
  if (++depth_ <= limits_.max_depth) return true;
  return Refuse(ErrorCode::kTooLarge, "JSON is nested deeper than " +
                                          std::to_string(limits_.max_depth));
}

bool JsonGauge::Close() {
  --depth_;
  return true;
}

bool JsonGauge::Duplicate() {
  return Refuse(ErrorCode::kMalformed, "duplicate key in JSON object");
}

bool JsonGauge::Malformed(size_t position) {
  return Refuse(ErrorCode::kMalformed,
                "invalid JSON at byte " + std::to_string(position));
}

Status JsonGauge::Outcome(bool parsed) const {
  if (error_) return Fail(*error_);
  if (!parsed) return Fail(ErrorCode::kMalformed, "invalid JSON");
  return {};
}

}  // namespace claviger
