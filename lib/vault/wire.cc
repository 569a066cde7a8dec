// SPDX-License-Identifier: Apache-2.0
#include "vault/wire.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/names.h"
#include "vault/error.h"

namespace claviger::vault {
namespace {

using nlohmann::json;

constexpr size_t kMaxPlainValue = size_t{64} << 10U;

void WipeTree(json& value) {
  if (value.is_string()) WipeString(value.get_ref<std::string&>());
  if (!value.is_structured()) return;
  for (json& child : value) WipeTree(child);
}

std::string Join(JsonPath path) {
  std::string text;
  for (const std::string_view key : path) {
    if (!text.empty()) text += '.';
    text += key;
  }
  return text;
}

size_t SkipBlanks(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// Past the string that starts at `at`.
size_t SkipString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// Past the value that starts at `at`.
size_t SkipValue(std::string_view text, size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
    } else {
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
    }
    if (depth == 0 && (c == '"' || c == '}' || c == ']')) return at;
  }
  return at;
}

std::string_view Trimmed(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

// The value of one member of the object that starts at `text`.
std::string_view RawChild(std::string_view text, std::string_view wanted) {
  size_t at = SkipBlanks(text, 0);
  if (at >= text.size() || text[at] != '{') return {};
  at = SkipBlanks(text, at + 1);
  while (at < text.size() && text[at] == '"') {
    const size_t key_end = std::min(SkipString(text, at), text.size());
    const std::string_view key = text.substr(at + 1, key_end - at - 2);
    const size_t value = SkipBlanks(text, SkipBlanks(text, key_end) + 1);
    const size_t end = std::min(SkipValue(text, value), text.size());
    if (value >= end) return {};
    if (key == wanted) return Trimmed(text.substr(value, end - value));
    at = SkipBlanks(text, SkipBlanks(text, end) + 1);
  }
  return {};
}

bool IsPlain(std::string_view value) {
  return value.size() <= kMaxPlainValue &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

Result<Document> Document::Parse(std::string_view text, std::string_view what) {
  Result<json> parsed = ParseJson(text);
  if (!parsed) return Fail(std::move(parsed).error(), what);
  Document document(*std::move(parsed), what);
  if (!document.root_.is_object()) {
    return Fail(ErrorCode::kMalformed,
                std::string(what) + ": the answer is no JSON object");
  }
  return document;
}

Document::~Document() { WipeTree(root_); }

const json* Document::Find(JsonPath path) const {
  const json* value = &root_;
  for (const std::string_view key : path) {
    if (!value->is_object()) return nullptr;
    const auto child = value->find(key);
    if (child == value->end()) return nullptr;
    value = &*child;
  }
  return value;
}

tl::unexpected<Error> Document::Missing(JsonPath path) const {
  return Fail(ErrorCode::kMalformed,
              what_ + ": the answer has no proper " + Join(path));
}

Result<std::string> Document::String(JsonPath path) const {
  const json* value = Find(path);
  if (value == nullptr || !value->is_string()) return Missing(path);
  return value->get<std::string>();
}

Result<int64_t> Document::Integer(JsonPath path) const {
  const json* value = Find(path);
  if (value == nullptr || !value->is_number_integer()) return Missing(path);
  return value->get<int64_t>();
}

Result<std::vector<std::string>> Document::Strings(JsonPath path) const {
  const json* value = Find(path);
  std::vector<std::string> strings;
  if (value == nullptr || value->is_null()) return strings;
  if (!value->is_array()) return Missing(path);
  for (const json& item : *value) {
    if (!item.is_string()) return Missing(path);
    strings.push_back(item);
  }
  return strings;
}

std::string_view RawMember(std::string_view text, JsonPath path) {
  for (const std::string_view key : path) text = RawChild(text, key);
  return text;
}

std::string RequestIdOf(const Document& answer) {
  constexpr size_t kLongest = 64;
  std::string id = answer.String({"request_id"}).value_or("");
  return id.size() <= kLongest && IsPlain(id) ? id : "";
}

Result<Answer> DoAndWipe(Api& api, Call& call) {
  Result<Answer> answer = api.Do(call);
  WipeString(call.body);
  return answer;
}

Result<Document> DoAndParse(Api& api, Call& call) {
  const Result<Answer> answer = DoAndWipe(api, call);
  if (!answer) return Fail(answer.error());
  return Document::Parse(answer->body, Describe(call));
}

Status DoOnly(Api& api, Call& call) {
  Result<Answer> answer = DoAndWipe(api, call);
  if (!answer) return Fail(std::move(answer).error());
  return {};
}

Status DoDelete(Api& api, Call& call) {
  call.verb = Verb::kDelete;
  Status done = DoOnly(api, call);
  if (!done && done.error().code == ErrorCode::kNotFound) return {};
  return done;
}

Result<std::vector<std::string>> DoList(Api& api, const Secret& token,
                                        std::string path) {
  Call call;
  call.verb = Verb::kList;
  call.path = std::move(path);
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (document) return document->Strings({"data", "keys"});
  if (document.error().code == ErrorCode::kNotFound) {
    return std::vector<std::string>{};
  }
  return Fail(document.error());
}

Result<std::string> PlainObject(
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        members) {
  size_t size = 2;
  for (const auto& [key, value] : members) {
    if (!IsPlain(key) || !IsPlain(value)) {
      return Fail(ErrorCode::kInvalidArgument,
                  std::string(key) +
                      " holds a character it may not, or is "
                      "too long");
    }
    size += key.size() + value.size() + 6;
  }
  std::string text;
  text.reserve(size);
  for (const auto& [key, value] : members) {
    text.append(text.empty() ? "{\"" : ",\"").append(key);
    text.append("\":\"").append(value).append("\"");
  }
  text.append(text.empty() ? "{}" : "}");
  return text;
}

Status CheckSegment(std::string_view what, std::string_view name) {
  const bool one = name.find('/') == std::string_view::npos;
  if (one && IsApiPath(name)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              std::string(what) + " is not a plain name");
}

Status CheckPath(std::string_view what, std::string_view path) {
  if (IsApiPath(path)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              std::string(what) + " is not a path of plain segments");
}

}  // namespace claviger::vault
