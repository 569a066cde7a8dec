// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config_values.h"

namespace claviger::sidecar {
namespace {

constexpr int64_t kMaxSeconds = 86'400;

}  // namespace

using model::Value;
using std::chrono::milliseconds;

void Invalid(const Value& value, std::string what, std::string fix) {
  value.report().Invalid(value.Path(), std::move(what), std::move(fix));
}

void ReadMatching(const Value& value, bool (*matches)(std::string_view),
                  std::string_view what, std::string& out) {
  std::string text;
  Read(value, text);
  if (matches(text)) {
    out = std::move(text);
  } else {
    Invalid(value, "not " + std::string(what),
            "use letters, digits and dashes as such names have them");
  }
}

std::optional<int64_t> ReadNumber(const Value& value, int64_t least,
                                  int64_t most) {
  int64_t number = least - 1;
  Read(value, number);
  if (number >= least && number <= most) return number;
  Invalid(value, "out of range",
          "use a number from " + std::to_string(least) + " to " +
              std::to_string(most));
  return std::nullopt;
}

void ReadSeconds(const Value& value, int64_t least, milliseconds& out) {
  if (const auto seconds = ReadNumber(value, least, kMaxSeconds)) {
    out = std::chrono::seconds(*seconds);
  }
}

void ReadAbsolutePath(const Value& value, size_t max_size, std::string& out) {
  std::string path;
  Read(value, path);
  if (path.starts_with('/') && path.size() <= max_size) {
    out = std::move(path);
  } else {
    Invalid(value,
            "not an absolute path of at most " + std::to_string(max_size) +
                " bytes",
            "write it from the root, like /run/claviger/claviger.sock");
  }
}

void ReadRanges(const Value& value, std::vector<proxy::AddressRange>& out) {
  std::vector<std::string> list;
  Read(value, list);
  for (const std::string& one : list) {
    if (auto range = proxy::ParseAddressRange(one)) {
      out.push_back(*range);
    } else {
      Invalid(value, "not a list of addresses", range.error().message);
    }
  }
}

}  // namespace claviger::sidecar
