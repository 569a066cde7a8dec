// SPDX-License-Identifier: Apache-2.0
#include "model/json_reader.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

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

class Handler final : public nlohmann::json_sax<json> {
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

}  // namespace

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
