// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <array>
#include <cstdio>

namespace claviger {
namespace {

using std::chrono::milliseconds;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `count` digits at `pos` and moves behind them; -1 if they are
// not there.
int TakeDigits(std::string_view text, size_t& pos, size_t count) {
  if (pos + count > text.size()) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[pos + i];
    if (!IsDigit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  pos += count;
  return value;
}

bool TakeChar(std::string_view text, size_t& pos, std::string_view any) {
  if (pos >= text.size() || any.find(text[pos]) == std::string_view::npos) {
    return false;
  }
  ++pos;
  return true;
}

// ".5", ".123456": kept to the millisecond, the rest dropped. -1 on error.
int TakeFraction(std::string_view text, size_t& pos) {
  if (!TakeChar(text, pos, ".")) return 0;
  int value = 0;
  int digits = 0;
  for (; pos < text.size() && IsDigit(text[pos]); ++pos, ++digits) {
    if (digits < 3) value = value * 10 + (text[pos] - '0');
  }
  if (digits == 0 || digits > 9) return -1;
  for (int i = digits; i < 3; ++i) value *= 10;
  return value;
}

// "Z" or "+hh:mm". False on error.
bool TakeOffset(std::string_view text, size_t& pos,
                std::chrono::minutes& offset) {
  if (TakeChar(text, pos, "Zz")) return true;
  if (pos >= text.size()) return false;
  const int sign = text[pos] == '-' ? -1 : 1;
  if (!TakeChar(text, pos, "+-")) return false;
  const int hours = TakeDigits(text, pos, 2);
  if (!TakeChar(text, pos, ":")) return false;
  const int minutes = TakeDigits(text, pos, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  offset = std::chrono::minutes(sign * (hours * 60 + minutes));
  return true;
}

}  // namespace

Result<Time> ParseRfc3339(std::string_view text) {
  const auto wrong = [] {
    return Fail(ErrorCode::kInvalidArgument,
                "not an RFC 3339 time such as 2026-12-01T00:00:00Z");
  };
  size_t pos = 0;
  const int year = TakeDigits(text, pos, 4);
  const bool dash1 = TakeChar(text, pos, "-");
  const int month = TakeDigits(text, pos, 2);
  const bool dash2 = TakeChar(text, pos, "-");
  const int day = TakeDigits(text, pos, 2);
  if (year < 0 || !dash1 || month < 0 || !dash2 || day < 0) return wrong();
  if (!TakeChar(text, pos, "Tt")) return wrong();
  const int hour = TakeDigits(text, pos, 2);
  const bool colon1 = TakeChar(text, pos, ":");
  const int minute = TakeDigits(text, pos, 2);
  const bool colon2 = TakeChar(text, pos, ":");
  const int second = TakeDigits(text, pos, 2);
  if (hour < 0 || !colon1 || minute < 0 || !colon2 || second < 0) {
    return wrong();
  }
  if (hour > 23 || minute > 59 || second > 59) return wrong();
  const int millis = TakeFraction(text, pos);
  std::chrono::minutes offset{0};
  if (millis < 0 || !TakeOffset(text, pos, offset)) return wrong();
  if (pos != text.size()) return wrong();
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return wrong();
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) +
         milliseconds(millis) - offset;
}

std::string FormatRfc3339(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(seconds - days);
  std::array<char, 40> out{};
  const int length = std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return std::string(out.data(), static_cast<size_t>(length));
}

}  // namespace claviger
