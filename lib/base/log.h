// SPDX-License-Identifier: Apache-2.0
//
// Structured logging: a fixed sentence and named fields, one JSON object a
// line. A Secret has no way into a field. Loggers are passed in, never global,
// and are safe to use from several threads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/result.h"

namespace claviger {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// One named value. Strings are cut at 1,024 bytes by the writer.
struct LogField {
  using Value = std::variant<std::string_view, int64_t, double, bool>;

  LogField(std::string_view key, std::string_view text)
      : name(key), value(text) {}
  LogField(std::string_view key, const char* text)
      : name(key), value(std::string_view(text)) {}
  LogField(std::string_view key, const std::string& text)
      : name(key), value(std::string_view(text)) {}
  template <typename T>
  requires std::is_arithmetic_v<T> LogField(std::string_view key, T number)
      : name(key), value(Wrap(number)) {}

  std::string_view name;
  Value value;

 private:
  template <typename T>
  static Value Wrap(T number) {
    if constexpr (std::is_same_v<T, bool>)
      return number;
    else if constexpr (std::is_floating_point_v<T>)
      return double{number};
    else
      return static_cast<int64_t>(number);
  }
};

class Logger {
 public:
  virtual ~Logger() = default;
  /// `message`: lower case, no full stop, the same words every time; what
  /// varies goes into fields.
  virtual void Log(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) = 0;

  void Debug(std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message,
            std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, message, fields);
  }
  void Warning(std::string_view message,
               std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, message, fields);
  }
  void Failure(std::string_view message,
               std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, message, fields);
  }
};

/// Drops everything.
class NullLogger final : public Logger {
 public:
  void Log(LogLevel, std::string_view,
           std::initializer_list<LogField>) override {}
};

/// "debug", "info", "warning" or "error"; kInvalidArgument otherwise.
Result<LogLevel> ParseLogLevel(std::string_view text);

}  // namespace claviger
