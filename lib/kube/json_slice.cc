// SPDX-License-Identifier: Apache-2.0
#include "kube/json_slice.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/json.h"

namespace claviger::kube {
namespace {

constexpr size_t kMaxStringBytes = size_t{64} << 10U;
// The levels that are walked have fewer than twenty.
constexpr size_t kMaxMembers = 64;

tl::unexpected<Error> Malformed() {
  return Fail(ErrorCode::kMalformed, "invalid JSON");
}

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// What numbers, true, false and null are made of.
bool IsWord(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Eat(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }

  // The next value's text; nothing when there is no whole one.
  std::optional<std::string_view> Value() {
    SkipSpace();
    if (at_ >= text_.size()) return std::nullopt;
    const size_t start = at_;
    const char c = text_[at_];
    const bool whole = c == '"'               ? SkipString()
                       : c == '{' || c == '[' ? SkipNested()
                                              : SkipWord();
    if (!whole) return std::nullopt;
    return text_.substr(start, at_ - start);
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  bool SkipWord() {
    const size_t start = at_;
    while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
    return at_ > start;
  }

  // Looks for the end only: what is between is checked by who parses it.
  bool SkipString() {
    size_t end = at_;
    while (true) {
      end = text_.find('"', end + 1);
      if (end == std::string_view::npos) return false;
      size_t slash = end;
      while (text_[slash - 1] == '\\') --slash;
      if ((end - slash) % 2 == 0) break;  // the quote is not escaped
    }
    at_ = end + 1;
    return true;
  }

  bool SkipNested() {
    std::string open;  // the brackets that are to be closed, innermost last
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!SkipString()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        if (open.size() >= static_cast<size_t>(kMaxJsonDepth)) return false;
        open += c == '{' ? '}' : ']';
      } else if (c == '}' || c == ']') {
        if (open.back() != c) return false;
        open.pop_back();
        if (open.empty()) return true;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Whoever walks the level by these keys and whoever parses the whole must see
// the same members: no second spelling and no second value of a key.
class Keys {
 public:
  bool Accept(std::string_view quoted) {
    const bool plain = std::all_of(quoted.begin(), quoted.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && c != '\\';
    });
    if (!plain) return false;
    if (seen_.size() >= kMaxMembers) return false;
    if (std::find(seen_.begin(), seen_.end(), quoted) != seen_.end()) {
      return false;
    }
    seen_.push_back(quoted);
    return true;
  }

 private:
  std::vector<std::string_view> seen_;
};

// A string that is its own bytes: nearly all names and versions.
bool IsPlain(std::string_view value) {
  if (value.size() < 2 || value.size() > kMaxStringBytes ||
      value.front() != '"' || value.back() != '"') {
    return false;
  }
  value = value.substr(1, value.size() - 2);
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

}  // namespace

Status ForEachMember(
    std::string_view text,
    const std::function<Status(std::string_view, std::string_view)>& visit) {
  Scanner scanner(text);
  if (!scanner.Eat('{')) return Malformed();
  Keys keys;
  bool more = !scanner.Eat('}');
  while (more) {
    const auto key = scanner.Value();
    if (!key || key->front() != '"' || !scanner.Eat(':')) return Malformed();
    const auto value = scanner.Value();
    if (!value || !keys.Accept(*key)) return Malformed();
    if (Status done = visit(key->substr(1, key->size() - 2), *value); !done) {
      return done;
    }
    more = scanner.Eat(',');
    if (!more && !scanner.Eat('}')) return Malformed();
  }
  return scanner.AtEnd() ? Status{} : Malformed();
}

Status ForEachElement(std::string_view text,
                      const std::function<Status(std::string_view)>& visit) {
  Scanner scanner(text);
  if (!scanner.Eat('[')) return Malformed();
  bool more = !scanner.Eat(']');
  while (more) {
    const auto value = scanner.Value();
    if (!value) return Malformed();
    if (Status done = visit(*value); !done) return done;
    more = scanner.Eat(',');
    if (!more && !scanner.Eat(']')) return Malformed();
  }
  return scanner.AtEnd() ? Status{} : Malformed();
}

Result<std::string> StringOf(std::string_view value) {
  if (IsPlain(value)) return std::string(value.substr(1, value.size() - 2));
  const auto parsed = ParseJson(value, {kMaxStringBytes, 1, 1});
  if (!parsed) return Fail(parsed.error());
  if (!parsed->is_string()) {
    return Fail(ErrorCode::kMalformed, "not a JSON string");
  }
  return parsed->get<std::string>();
}

}  // namespace claviger::kube
