// SPDX-License-Identifier: Apache-2.0
#include "model/json_reader.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/json_gauge.h"

namespace claviger::model {
namespace {

using nlohmann::json;

// Walks the text and counts lines. The parser copies iterators, so the count
// is kept outside.
class LineIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineIterator(const char* at, int* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  LineIterator& operator++() {
    // Counted when the following character is taken: the parser reads one
    // character past a number, and that may be the end of its line.
    if (pending_) ++*line_;
    pending_ = *at_ == '\n';
    ++at_;
    return *this;
  }
  LineIterator operator++(int) {
    LineIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const LineIterator& other) const { return at_ == other.at_; }
  bool operator!=(const LineIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;
  bool pending_ = false;
};

class Handler : public nlohmann::json_sax<json> {
 public:
  explicit Handler(const int* line) : line_(line) {}

  bool null() override {
    builder_.Null(*line_);
    return true;
  }
  bool boolean(bool value) override { return Plain(value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override {
    return Plain(std::to_string(value));
  }
  bool number_unsigned(json::number_unsigned_t value) override {
    return Plain(std::to_string(value));
  }
  bool number_float(json::number_float_t /*value*/,
                    const json::string_t& text) override {
    return Plain(text);
  }
  bool string(json::string_t& value) override {
    builder_.Scalar(std::move(value), true, *line_);
    return true;
  }
  bool binary(json::binary_t& /*value*/) override { return false; }

  bool start_object(size_t /*elements*/) override {
    builder_.Open(Node::Kind::kMap, *line_);
    return true;
  }
  bool start_array(size_t /*elements*/) override {
    builder_.Open(Node::Kind::kSequence, *line_);
    return true;
  }
  bool key(json::string_t& name) override {
    builder_.Key(std::move(name), *line_);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    // A number beyond double's range is the one error that is not syntax.
    error_ = SyntaxError{
        *line_, error.id == 406 ? "number out of range" : "invalid JSON"};
    return false;
  }

  TreeBuilder& builder() { return builder_; }
  std::optional<SyntaxError> error() const { return error_; }

 private:
  bool Plain(std::string text) {
    builder_.Scalar(std::move(text), false, *line_);
    return true;
  }
  bool Close() {
    builder_.Close();
    return true;
  }

  const int* line_;
  TreeBuilder builder_;
  std::optional<SyntaxError> error_;
};

constexpr int kNoLine = 0;
constexpr std::string_view kPassedOver = "managedFields";

bool HasDuplicate(const Node& node) {
  return node.flaw == Flaw::kDuplicateKey ||
         std::any_of(node.children.begin(), node.children.end(), HasDuplicate);
}

// Bounded; passes over what kPassedOver names, but counts it.
class ApiHandler final : public nlohmann::json_sax<json> {
 public:
  explicit ApiHandler(const JsonLimits& limits) : gauge_(limits) {}

  bool null() override { return gauge_.Value() && (Passes() || tree_.null()); }
  bool boolean(bool value) override {
    return gauge_.Value() && (Passes() || tree_.boolean(value));
  }
  bool number_integer(json::number_integer_t value) override {
    return gauge_.Value() && (Passes() || tree_.number_integer(value));
  }
  bool number_unsigned(json::number_unsigned_t value) override {
    return gauge_.Value() && (Passes() || tree_.number_unsigned(value));
  }
  bool number_float(json::number_float_t value,
                    const json::string_t& text) override {
    return gauge_.Value() && (Passes() || tree_.number_float(value, text));
  }
  bool string(json::string_t& value) override {
    return gauge_.Value() && (Passes() || tree_.string(value));
  }
  bool binary(json::binary_t& /*value*/) override { return false; }

  bool start_object(size_t elements) override {
    ++depth_;
    return gauge_.Open() && (Passes() || tree_.start_object(elements));
  }
  bool start_array(size_t elements) override {
    ++depth_;
    return gauge_.Open() && (Passes() || tree_.start_array(elements));
  }
  bool key(json::string_t& name) override {
    if (passed_ > 0 && depth_ > passed_) return true;
    passed_ = 0;
    if (depth_ == 1) in_metadata_ = name == "metadata";
    const bool is_passed = depth_ == 2 && in_metadata_ && name == kPassedOver;
    tree_.key(name);
    if (!is_passed) return true;
    passed_ = depth_;
    return tree_.null();
  }
  bool end_object() override { return End(); }
  bool end_array() override { return End(); }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return gauge_.Malformed(position);
  }

  Result<Node> Take(bool parsed) {
    Node root = tree_.builder().Take();
    if (parsed && HasDuplicate(root)) parsed = gauge_.Duplicate();
    const Status outcome = gauge_.Outcome(parsed);
    if (!outcome) return Fail(outcome.error());
    return root;
  }

 private:
  // The value of such a key, and all in it.
  bool Passes() const { return passed_ > 0; }
  bool End() {
    --depth_;
    // Its own map ends with it, unless another key came before.
    if (depth_ < passed_) passed_ = 0;
    return gauge_.Close() && (Passes() || tree_.end_object());
  }

  JsonGauge gauge_;
  Handler tree_{&kNoLine};
  int depth_ = 0;
  bool in_metadata_ = false;
  int passed_ = 0;  // at which depth that key is; 0: none
};

}  // namespace

Result<Node> ReadApiJson(std::string_view text, const JsonLimits& limits) {
  const Status fits = JsonGauge::CheckSize(text, limits);
  if (!fits) return Fail(fits.error());
  ApiHandler handler(limits);
  const bool parsed =
      json::sax_parse(text.data(), text.data() + text.size(), &handler);
  return handler.Take(parsed);
}

Documents ReadJson(std::string_view text) {
  int line = 1;
  Handler handler(&line);
  Documents documents;
  const bool parsed =
      json::sax_parse(LineIterator(text.data(), &line),
                      LineIterator(text.data() + text.size(), &line), &handler);
  documents.error = handler.error();
  if (!parsed && !documents.error) {
    documents.error = SyntaxError{line, "invalid JSON"};
  }
  if (!handler.builder().empty()) {
    documents.roots.push_back(handler.builder().Take());
    if (!documents.error) documents.whole = 1;
  }
  return documents;
}

}  // namespace claviger::model
