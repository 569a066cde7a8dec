// SPDX-License-Identifier: Apache-2.0
#include "access/json_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::access {
namespace {

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

}  // namespace

void AppendJsonText(std::string_view text, std::string& out) {
  if (!IsPlain(text)) {
    out += DumpJson(nlohmann::json(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

std::string& JsonObject::Value(std::string_view key) {
  if (!is_first_) out_ += ',';
  is_first_ = false;
  out_ += '"';
  out_ += key;
  out_ += "\":";
  return out_;
}

void JsonObject::Text(std::string_view key, std::string_view text) {
  AppendJsonText(text, Value(key));
}

void JsonObject::Number(std::string_view key, int64_t number) {
  Value(key) += std::to_string(number);
}

void JsonObject::Flag(std::string_view key, bool flag) {
  Value(key) += flag ? "true" : "false";
}

void JsonObject::Texts(std::string_view key,
                       const std::vector<std::string>& texts) {
  AppendJsonArray(texts, AppendJsonText, Value(key));
}

void JsonObject::TextMap(std::string_view key,
                         const std::map<std::string, std::string>& texts) {
  std::string& out = Value(key);
  out += '{';
  bool is_first = true;
  for (const auto& [name, text] : texts) {
    if (!is_first) out += ',';
    is_first = false;
    AppendJsonText(name, out);
    out += ':';
    AppendJsonText(text, out);
  }
  out += '}';
}

}  // namespace claviger::access
