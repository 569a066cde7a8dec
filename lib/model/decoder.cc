// SPDX-License-Identifier: Apache-2.0
#include "model/decoder.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "model/text.h"

namespace claviger::model {
namespace {

size_t CountDigits(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(),
                                [](char c) { return c < '0' || c > '9'; });
  return static_cast<size_t>(end - text.begin());
}

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  return text;
}

bool IsInteger(std::string_view text) {
  if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0o") {
    return text.size() > 2 &&
           std::all_of(text.begin() + 2, text.end(), [&text](char c) {
             return (c >= '0' && c <= '7') ||
                    (text[1] == 'x' &&
                     ((c >= '8' && c <= '9') || (c >= 'a' && c <= 'f') ||
                      (c >= 'A' && c <= 'F')));
           });
  }
  const std::string_view digits = WithoutSign(text);
  return !digits.empty() && CountDigits(digits) == digits.size();
}

// YAML's core schema: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? )
// ( [eE] [-+]? [0-9]+ )?, infinity and not-a-number.
bool IsFloat(std::string_view text) {
  static constexpr std::string_view kSpecial[] = {".inf", ".Inf", ".INF",
                                                  ".nan", ".NaN", ".NAN"};
  text = WithoutSign(text);
  for (const std::string_view special : kSpecial) {
    if (text == special) return true;
  }
  const size_t whole = CountDigits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = CountDigits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  const std::string_view exponent = WithoutSign(text.substr(1));
  return !exponent.empty() && CountDigits(exponent) == exponent.size();
}

ScalarType PlainTypeOf(std::string_view text) {
  if (text == "true" || text == "false") return ScalarType::kBool;
  if (IsInteger(text)) return ScalarType::kInteger;
  return IsFloat(text) ? ScalarType::kFloat : ScalarType::kText;
}

std::string_view Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kScalar:
      break;
  }
  switch (TypeOf(node)) {
    case ScalarType::kBool:
      return "a boolean";
    case ScalarType::kInteger:
    case ScalarType::kFloat:
      return "a number";
    case ScalarType::kText:
      break;
  }
  return "text";
}

bool IsScalar(const Node& node, ScalarType type) {
  return node.kind == Node::Kind::kScalar && TypeOf(node) == type;
}

}  // namespace

ScalarType TypeOf(const Node& scalar) {
  return scalar.quoted ? ScalarType::kText : PlainTypeOf(scalar.text);
}

std::string Value::Path() const {
  if (parent_ == nullptr) return "";
  std::string path = parent_->Path();
  if (index_) return path + "[" + std::to_string(*index_) + "]";
  if (!path.empty()) path += ".";
  return path + Printable(node_->key);
}

std::string Value::PathOf(std::string_view key) const {
  std::string path = Path();
  if (!path.empty()) path += ".";
  return path + Printable(key);
}

void Value::WrongType(std::string_view expected) const {
  // What carries a flaw has been reported for it.
  if (node_->flaw != Flaw::kNone) return;
  std::string fix = "write " + std::string(expected);
  if (node_->kind == Node::Kind::kNull) {
    fix += ", or leave the field out";
  } else if (expected == "text" && node_->kind == Node::Kind::kScalar) {
    fix = "put it in quotes";
  } else if (node_->kind == Node::Kind::kScalar && node_->quoted &&
             PlainTypeOf(node_->text) != ScalarType::kText) {
    fix += " without quotes";
  }
  Undecodable("expected " + std::string(expected) + ", found " +
                  std::string(Describe(*node_)),
              std::move(fix));
}

void Read(const Value& value, bool& out) {
  if (!IsScalar(value.node(), ScalarType::kBool)) {
    value.WrongType("true or false");
    return;
  }
  out = value.node().text == "true";
}

void Read(const Value& value, std::string& out) {
  if (!IsScalar(value.node(), ScalarType::kText)) {
    value.WrongType("text");
    return;
  }
  out = value.node().text;
  if (out.empty()) value.report().Empty(value.Path());
}

void Read(const Value& value, std::map<std::string, std::string>& out) {
  if (value.node().kind != Node::Kind::kMap) {
    value.WrongType("a map");
    return;
  }
  for (const Node& child : value.node().children) {
    Read(Value(child, value), out[child.key]);
  }
}

void Read(const Value& value, Time& out) {
  if (!IsScalar(value.node(), ScalarType::kText)) {
    value.WrongType("a date and time");
    return;
  }
  const Result<Time> time = ParseRfc3339(value.node().text);
  if (!time) {
    value.Undecodable(Quoted(value.node().text) + " is not an RFC 3339 time",
                      "write it like \"2026-12-01T00:00:00Z\"");
    return;
  }
  out = *time;
}

void Read(const Value& value, std::chrono::seconds& out) {
  if (!IsScalar(value.node(), ScalarType::kText)) {
    value.WrongType("a duration, such as 30s, 10m or 12h");
    return;
  }
  const std::string& text = value.node().text;
  const size_t digits = CountDigits(text);
  const std::string_view unit = std::string_view(text).substr(digits);
  int count = 0;
  if (digits >= 1 && digits <= 6 && text[0] != '0') {
    std::from_chars(text.data(), text.data() + digits, count);
  }
  if (count == 0 || (unit != "s" && unit != "m" && unit != "h")) {
    value.Undecodable(Quoted(text) + " is not a duration",
                      "write it like 30s, 10m or 12h");
    return;
  }
  const int seconds = unit == "s" ? 1 : unit == "m" ? 60 : 3'600;
  out = std::chrono::seconds(int64_t{count} * seconds);
}

void Read(const Value& value, int64_t& out) {
  const Node& node = value.node();
  std::string_view text = node.text;
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const std::string_view digits = WithoutSign(text);
  const bool octal_looking = digits.size() > 1 && digits[0] == '0';
  // 010 is eight to some readers and ten to others.
  if (!IsScalar(node, ScalarType::kInteger) || octal_looking ||
      CountDigits(digits) != digits.size()) {
    value.WrongType("a decimal integer");
    return;
  }
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec == std::errc::result_out_of_range) {
    out = text[0] == '-' ? std::numeric_limits<int64_t>::min()
                         : std::numeric_limits<int64_t>::max();
  }
}

void Read(const Value& value, int& out) {
  int64_t wide = out;
  Read(value, wide);
  // Beyond int is beyond every range that validation accepts.
  out = static_cast<int>(std::clamp<int64_t>(
      wide, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

void UnknownWord(const Value& value, const std::string& word,
                 const std::vector<std::string_view>& known) {
  const std::optional<std::string> nearest = Nearest(word, known);
  value.Undecodable(
      "unknown value " + Quoted(word),
      nearest ? "did you mean " + *nearest + "?" : "use " + AnyOf(known));
}

Fields::Fields(const Value& value)
    : value_(value), is_map_(value.node().kind == Node::Kind::kMap) {
  if (!is_map_) value.WrongType("a map");
}

const Node* Fields::Find(std::string_view key) {
  known_.push_back(key);
  return value_.node().Find(key);
}

bool Fields::Empty(std::string_view key) {
  const Node* node = value_.node().Find(key);
  return node != nullptr && node->children.empty() &&
         (node->kind == Node::Kind::kSequence ||
          node->kind == Node::Kind::kMap);
}

void Fields::Finish() const {
  if (!is_map_) return;
  for (const Node& child : value_.node().children) {
    if (std::find(known_.begin(), known_.end(), child.key) != known_.end()) {
      continue;
    }
    if (child.flaw == Flaw::kMergeKey || child.flaw == Flaw::kKeyNotText) {
      continue;
    }
    // Looking for the nearest word is not worth it for what is not shown.
    const std::optional<std::string> nearest =
        value_.report().full() ? std::nullopt : Nearest(child.key, known_);
    Value(child, value_)
        .Undecodable("unknown field",
                     nearest ? "did you mean " + *nearest + "?" : "remove it");
  }
}

}  // namespace claviger::model
