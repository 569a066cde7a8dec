// SPDX-License-Identifier: Apache-2.0
#include "base/spdlog_logger.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger {
namespace {

constexpr size_t kMaxField = 1024;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class SpdlogLogger final : public Logger {
 public:
  SpdlogLogger(LogLevel level, std::string_view component)
      : component_(component),
        logger_("claviger", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(ToSpdlog(level));
    // The time comes from spdlog, the rest of the object from us.
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
        spdlog::pattern_time_type::utc));
    logger_.flush_on(spdlog::level::info);
  }

  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override {
    const auto wanted = ToSpdlog(level);
    if (!logger_.should_log(wanted)) return;
    nlohmann::ordered_json line;
    line["component"] = component_;
    line["message"] = message;
    for (const LogField& field : fields) {
      std::visit(
          [&](const auto& value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>,
                                         std::string_view>) {
              line[std::string(field.name)] = value.substr(0, kMaxField);
            } else {
              line[std::string(field.name)] = value;
            }
          },
          field.value);
    }
    const std::string text = DumpJson(line);
    // Without the outer braces: the pattern brings them.
    logger_.log(wanted,
                spdlog::string_view_t(text.data() + 1, text.size() - 2));
  }

 private:
  const std::string component_;
  spdlog::logger logger_;
};

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return Fail(ErrorCode::kInvalidArgument,
              "log level must be debug, info, warning or error");
}

std::unique_ptr<Logger> MakeStderrLogger(LogLevel level,
                                         std::string_view component) {
  return std::make_unique<SpdlogLogger>(level, component);
}

}  // namespace claviger
