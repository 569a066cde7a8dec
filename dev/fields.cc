// SPDX-License-Identifier: Apache-2.0
#include "dev/fields.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::dev {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int64_t kMaxSeconds = int64_t{100} * 365 * 24 * 3600;

bool ParseInteger(std::string_view text, int64_t& out) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  return result.ec == std::errc() && result.ptr == end;
}

std::string_view Trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

int64_t UnitSeconds(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    default:
      return 0;
  }
}

// A scalar as text, the way Vault's loose decoding sees it.
bool AsText(const json& value, std::string& out) {
  if (value.is_string()) {
    out = value.get<std::string>();
  } else if (value.is_number_integer() || value.is_boolean()) {
    out = DumpJson(value);
  } else {
    return false;
  }
  return true;
}

void SplitCommas(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!Trim(part).empty()) out.emplace_back(Trim(part));
  }
}

}  // namespace

Result<seconds> ParseDuration(std::string_view text) {
  const auto bad = Fail(
      ErrorCode::kInvalidArgument,
      "time: invalid duration \"" + std::string(text.substr(0, 64)) + "\"");
  int64_t number = 0;
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  if (rest.empty()) return bad;
  int64_t total = 0;
  while (!rest.empty()) {
    const size_t digits =
        std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0 || digits > 10) return bad;
    if (!ParseInteger(rest.substr(0, digits), number)) return bad;
    rest.remove_prefix(digits);
    // A bare number is seconds, and only alone.
    const bool bare = rest.empty() && total == 0;
    const int64_t unit = bare ? 1 : rest.empty() ? 0 : UnitSeconds(rest[0]);
    if (unit == 0) return bad;
    if (!rest.empty()) rest.remove_prefix(1);
    total += number * unit;
    if (total > kMaxSeconds) return bad;
  }
  return seconds(negative ? -total : total);
}

std::string FormatDuration(seconds duration) {
  int64_t left = duration.count();
  std::string out;
  if (left >= 3600) out += std::to_string(left / 3600) + "h";
  if (left >= 60) out += std::to_string(left / 60 % 60) + "m";
  return out + std::to_string(left % 60) + "s";
}

const json* Fields::Find(const char* name) const {
  const auto found = body_.find(name);
  return found == body_.end() ? nullptr : &*found;
}

bool Fields::Has(const char* name) const { return Find(name) != nullptr; }

Fields& Fields::Refuse(const char* name, const std::string& why) {
  if (status_) {
    status_ = Fail(ErrorCode::kInvalidArgument,
                   "error converting input for field \"" + std::string(name) +
                       "\": " + why);
  }
  return *this;
}

Fields& Fields::Read(const char* name, std::string& out) {
  const json* value = Find(name);
  if (value == nullptr) return *this;
  if (value->is_null()) {
    out.clear();
    return *this;
  }
  return AsText(*value, out) ? *this : Refuse(name, "expected text");
}

Fields& Fields::Read(const char* name, bool& out) {
  const json* value = Find(name);
  std::string text;
  if (value == nullptr) return *this;
  if (!AsText(*value, text)) return Refuse(name, "expected a boolean");
  if (text != "true" && text != "false" && text != "1" && text != "0") {
    return Refuse(name, "expected a boolean");
  }
  out = text == "true" || text == "1";
  return *this;
}

Fields& Fields::Read(const char* name, int64_t& out) {
  const json* value = Find(name);
  std::string text;
  if (value == nullptr) return *this;
  const bool good =
      !value->is_boolean() && AsText(*value, text) && ParseInteger(text, out);
  return good ? *this : Refuse(name, "expected a number");
}

Fields& Fields::Read(const char* name, std::vector<std::string>& out) {
  const json* value = Find(name);
  if (value == nullptr) return *this;
  std::vector<std::string> items;
  if (value->is_array()) {
    for (const json& item : *value) {
      std::string text;
      if (!AsText(item, text)) return Refuse(name, "expected texts");
      if (!Trim(text).empty()) items.emplace_back(Trim(text));
    }
  } else if (std::string text; AsText(*value, text)) {
    SplitCommas(text, items);
  } else if (!value->is_null()) {
    return Refuse(name, "expected a list");
  }
  out = std::move(items);
  return *this;
}

Fields& Fields::Read(const char* name,
                     std::map<std::string, std::string>& out) {
  const json* value = Find(name);
  if (value == nullptr) return *this;
  if (!value->is_object()) return Refuse(name, "expected a map");
  std::map<std::string, std::string> items;
  for (const auto& [key, item] : value->items()) {
    std::string& text = items[key];
    if (!item.is_null() && !AsText(item, text)) {
      return Refuse(name, "expected texts");
    }
  }
  out = std::move(items);
  return *this;
}

Fields& Fields::ReadSignedSeconds(const char* name, int64_t& out) {
  const json* value = Find(name);
  if (value == nullptr || value->is_null()) return *this;
  std::string text;
  if (value->is_boolean() || !AsText(*value, text)) {
    return Refuse(name, "expected a duration");
  }
  if (text.empty()) {
    out = 0;
    return *this;
  }
  const auto duration = ParseDuration(text);
  if (!duration) return Refuse(name, duration.error().message);
  out = duration->count();
  return *this;
}

Fields& Fields::ReadSeconds(const char* name, int64_t& out) {
  int64_t read = out;
  ReadSignedSeconds(name, read);
  if (read < 0) {
    return Refuse(
        name, "cannot provide negative value '" + std::to_string(read) + "'");
  }
  out = read;
  return *this;
}

}  // namespace claviger::dev
