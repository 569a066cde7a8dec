// SPDX-License-Identifier: Apache-2.0
#include "model/setting_values.h"

#include <utility>

namespace claviger::model {
namespace {

constexpr int64_t kMaxSeconds = 86'400;

}  // namespace

void Refuse(const Value& value, std::string what, std::string fix) {
  value.report().Invalid(value.Path(), std::move(what), std::move(fix));
}

void ReadMatching(const Value& value, bool (*matches)(std::string_view),
                  std::string_view what, std::string& out) {
  std::string text;
  Read(value, text);
  if (matches(text)) {
    out = std::move(text);
    return;
  }
  Refuse(value, "not " + std::string(what),
         "use letters, digits and dashes as such names have them");
}

std::optional<int64_t> ReadNumber(const Value& value, int64_t least,
                                  int64_t most) {
  int64_t number = least - 1;
  Read(value, number);
  if (number >= least && number <= most) return number;
  Refuse(value, "out of range",
         "use a number from " + std::to_string(least) + " to " +
             std::to_string(most));
  return std::nullopt;
}

void ReadSeconds(const Value& value, int64_t least,
                 std::chrono::milliseconds& out) {
  if (const auto seconds = ReadNumber(value, least, kMaxSeconds)) {
    out = std::chrono::seconds(*seconds);
  }
}

void ReadAddress(const Value& value, std::string& out) {
  std::string address;
  Read(value, address);
  if (address.rfind("https://", 0) == 0 || address.rfind("http://", 0) == 0) {
    out = std::move(address);
    return;
  }
  Refuse(value, "not an address", "write it like https://vault.corp:8200");
}

}  // namespace claviger::model
