// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/startup_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postgres/error_response.h"

namespace claviger::sidecar::proxy::pg {
namespace {

using postgres::BadPacket;
using postgres::Parameters;

constexpr uint32_t kNewestMinor = 2;
constexpr size_t kMaxName = 63;
constexpr size_t kMaxApplicationName = 63;
constexpr std::string_view kProtocolOption = "_pq_.";

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// As the server compares the names of settings.
bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsSettingName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           const char lower = Lower(c);
           return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.';
         });
}

bool IsFalse(std::string_view value) {
  static constexpr std::array<std::string_view, 4> kWords = {"false", "off",
                                                             "no", "0"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return SameName(value, word);
  });
}

std::string TextOf(const Parameters& parameters, std::string_view name) {
  const std::string* text = postgres::Find(parameters, name);
  return text == nullptr ? "" : *text;
}

void Replace(Parameters& parameters, std::string_view name, std::string value) {
  std::erase_if(parameters, [&](const auto& parameter) {
    return SameName(parameter.first, name);
  });
  parameters.emplace_back(name, std::move(value));
}

// The workload first: what follows may be cut, and is for people only.
std::string ApplicationName(std::string_view workload, std::string_view own) {
  std::string name(workload);
  if (!own.empty()) name.append(" ").append(own);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  name.resize(std::min(name.size(), kMaxApplicationName));
  return name;
}

struct Setting {
  std::string_view parameter;  // of the Connection
  std::string_view name;       // of the server
};
constexpr std::array<Setting, 5> kSettings = {{
    {"client_encoding", "client_encoding"},
    {"options", "options"},
    {"search_path", "search_path"},
    {"statement_timeout", "statement_timeout"},
    {"timezone", "TimeZone"},
}};

}  // namespace

std::variant<StartupPlan, BadPacket> PlanStartup(
    const postgres::StartupPacket& packet, const access::ConnectionFacts& facts,
    std::string_view workload) {
  StartupPlan plan;
  // There is no 3.1.
  plan.minor = packet.minor >= kNewestMinor ? kNewestMinor : 0;
  plan.minor_lowered = plan.minor < packet.minor;
  for (const auto& [name, value] : packet.parameters) {
    if (name.starts_with(kProtocolOption)) {
      plan.unknown_options.push_back(name);
    } else if (!IsSettingName(name)) {
      return BadPacket{postgres::sqlstate::kProtocolViolation,
                       "startup parameter with an impossible name"};
    } else if (SameName(name, "replication")) {
      if (IsFalse(value)) continue;
      return BadPacket{postgres::sqlstate::kUnsupported,
                       "replication is not let through"};
    } else if (name != "user" && name != "database") {
      plan.parameters.emplace_back(name, value);
    }
  }
  const std::string wanted = TextOf(packet.parameters, "database");
  plan.database = facts.endpoint.database;
  // libpq names the user's database where the application names none.
  if (plan.database.empty() && wanted != TextOf(packet.parameters, "user")) {
    plan.database = wanted;
  }
  if (!plan.database.empty()) {
    plan.parameters.emplace_back("database", plan.database);
  }
  const auto& settings = facts.endpoint.parameters;
  for (const Setting& setting : kSettings) {
    const auto found = settings.find(std::string(setting.parameter));
    if (found == settings.end()) continue;
    Replace(plan.parameters, setting.name, found->second);
  }
  const auto named = settings.find("application_name");
  const std::string application =
      named == settings.end() ? TextOf(plan.parameters, "application_name")
                              : named->second;
  Replace(plan.parameters, "application_name",
          ApplicationName(workload, application));
  return plan;
}

}  // namespace claviger::sidecar::proxy::pg
