// SPDX-License-Identifier: Apache-2.0
//
// Reads the fields of a request as leniently as Vault does: lists also as text
// with commas, durations as seconds or as text ("1h30m"), numbers and booleans
// also as text. Absent fields leave the variable alone. The first conversion
// that fails is kept. Not synchronised.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace claviger::dev {

/// "1h30m", "90", "2d", "-5s"; kInvalidArgument otherwise, or over 100 years.
Result<std::chrono::seconds> ParseDuration(std::string_view text);
/// As Go writes durations: "1h30m0s", "0s".
std::string FormatDuration(std::chrono::seconds duration);

class Fields {
 public:
  /// `body`, an object, outlives this.
  explicit Fields(const nlohmann::json& body) : body_(body) {}

  bool Has(const char* name) const;
  Fields& Read(const char* name, std::string& out);
  Fields& Read(const char* name, bool& out);
  Fields& Read(const char* name, int64_t& out);
  Fields& Read(const char* name, std::vector<std::string>& out);
  Fields& Read(const char* name, std::map<std::string, std::string>& out);
  /// Not negative.
  Fields& ReadSeconds(const char* name, int64_t& out);
  /// Negative allowed: -1 switches a leeway off.
  Fields& ReadSignedSeconds(const char* name, int64_t& out);

  const Status& status() const { return status_; }

 private:
  const nlohmann::json* Find(const char* name) const;
  Fields& Refuse(const char* name, const std::string& why);

  const nlohmann::json& body_;
  Status status_;
};

}  // namespace claviger::dev
