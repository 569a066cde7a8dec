// SPDX-License-Identifier: Apache-2.0
#include "vault/role_compare.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/json.h"

namespace claviger::vault {
namespace {

using nlohmann::json;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

bool IsDuration(std::string_view key) {
  return EndsWith(key, "ttl") || EndsWith(key, "period") ||
         EndsWith(key, "leeway") || EndsWith(key, "max_age");
}

bool IsPolicies(std::string_view key) { return EndsWith(key, "policies"); }

bool IsEmpty(const json& value) {
  if (value.is_string() || value.is_structured()) {
    return value.empty() || value == "";
  }
  return value.is_null() || value == 0 || value == false;
}

// Seconds of one unit as Vault spells it; days are its own addition.
std::optional<double> SecondsOf(std::string_view unit) {
  if (unit == "d") return 86'400;
  if (unit == "h") return 3'600;
  if (unit == "m") return 60;
  if (unit == "s" || unit.empty()) return 1;
  if (unit == "ms") return 1e-3;
  return std::nullopt;
}

// "1h30m", "3600", "1.5h".
std::optional<double> ParseDuration(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789.";
  if (text.empty()) return 0;
  double seconds = 0;
  while (!text.empty()) {
    const size_t digits =
        std::min(text.find_first_not_of(kDigits), text.size());
    double number = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + digits, number);
    if (error != std::errc{} || rest != text.data() + digits) {
      return std::nullopt;
    }
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of(kDigits), text.size());
    const std::optional<double> unit = SecondsOf(text.substr(0, letters));
    if (!unit) return std::nullopt;
    seconds += number * *unit;
    text.remove_prefix(letters);
  }
  return seconds;
}

std::optional<double> ToSeconds(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return ParseDuration(value.get<std::string>());
  return std::nullopt;
}

// The values of a list, or of a string that Vault would split at its commas.
std::set<std::string> Items(const json& value, bool fold_case) {
  std::set<std::string> items;
  const auto add = [&](std::string text) {
    if (fold_case) {
      std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      });
    }
    items.insert(std::move(text));
  };
  if (!value.is_string()) {
    for (const json& item : value) {
      add(item.is_string() ? item.get<std::string>() : DumpJson(item));
    }
    return items;
  }
  std::string_view rest = value.get_ref<const std::string&>();
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    const size_t first = std::min(item.find_first_not_of(' '), item.size());
    const size_t end = item.find_last_not_of(' ') + 1;
    if (first < end) add(std::string(item.substr(first, end - first)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

// Lists are sets to Vault wherever roles have them.
bool SameList(const json& wanted, const json& actual, bool fold_case) {
  const auto listable = [](const json& value) {
    return value.is_array() || value.is_string();
  };
  return listable(wanted) && listable(actual) &&
         Items(wanted, fold_case) == Items(actual, fold_case);
}

// Claims are taken literally: no comma splits, nothing is as good as absent.
bool SameClaims(const json& wanted, const json& actual) {
  if (wanted == actual) return true;
  if (wanted.is_array() && actual.is_array()) {
    return SameList(wanted, actual, false);
  }
  if (!wanted.is_object() || !actual.is_object() ||
      wanted.size() != actual.size()) {
    return false;
  }
  const auto members = wanted.items();
  return std::all_of(members.begin(), members.end(), [&](const auto& member) {
    const auto other = actual.find(member.key());
    return other != actual.end() && SameClaims(member.value(), *other);
  });
}

bool SameValue(std::string_view key, const json& wanted, const json& actual) {
  if (wanted == actual || (IsEmpty(wanted) && IsEmpty(actual))) return true;
  if (wanted.is_object() || actual.is_object()) {
    return SameClaims(wanted, actual);
  }
  if (wanted.is_array() || actual.is_array()) {
    return SameList(wanted, actual, IsPolicies(key));
  }
  if (!IsDuration(key)) return false;
  const std::optional<double> seconds = ToSeconds(wanted);
  return seconds && seconds == ToSeconds(actual);
}

}  // namespace

bool RoleMatches(std::string_view wanted_json, std::string_view actual_json) {
  const Result<json> wanted = ParseJson(wanted_json);
  const Result<json> actual = ParseJson(actual_json);
  if (!wanted || !actual || !wanted->is_object() || !actual->is_object()) {
    return false;
  }
  for (const auto& [key, value] : wanted->items()) {
    const auto other = actual->find(key);
    const bool same =
        other == actual->end() ? IsEmpty(value) : SameValue(key, value, *other);
    if (!same) return false;
  }
  return true;
}

}  // namespace claviger::vault
