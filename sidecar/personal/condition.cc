// SPDX-License-Identifier: Apache-2.0
#include "sidecar/personal/condition.h"

#include <string_view>
#include <utility>

#include "sidecar/personal/record.h"

namespace claviger::sidecar {
namespace {

Problem NotUnderstood(std::string_view detail) {
  return {"InvalidRequest", std::string(detail),
          "send If-Match with the ETag that GET answered, to change that one, "
          "or If-None-Match: * to store the first"};
}

// "\"3-9f\"" -> 3-9f; absent for lists, weak tags and *.
std::optional<std::string> OneTag(std::string_view text) {
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return {};
  text = text.substr(1, text.size() - 2);
  if (text.find('"') != std::string_view::npos) return {};
  return std::string(text);
}

}  // namespace

std::string TagOf(const Credential& record) {
  return std::to_string(record.version) + "-" + SummaryOf(record).fingerprint;
}

std::variant<Condition, Problem> Condition::Of(
    const std::vector<http::Header>& headers) {
  const auto match = http::FindHeader(headers, "If-Match");
  const auto none = http::FindHeader(headers, "If-None-Match");
  Condition condition;
  if (match && none) return NotUnderstood("the call has two conditions");
  if (none && *none != "*") return NotUnderstood("If-None-Match is not *");
  condition.nothing_ = none.has_value();
  if (!match) return condition;
  condition.tag_ = OneTag(*match);
  if (!condition.tag_) return NotUnderstood("If-Match is not one ETag");
  return condition;
}

bool Condition::Holds(const Credential* stored) const {
  if (nothing_) return stored == nullptr;
  return !tag_ || (stored != nullptr && TagOf(*stored) == *tag_);
}

}  // namespace claviger::sidecar
