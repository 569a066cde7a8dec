// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace claviger {
namespace {

using nlohmann::json;

// Builds the tree while it counts: the parser stops at the first value over a
// bound, so an attacker's megabyte of brackets never becomes a tree.
class BoundedBuilder final : public nlohmann::json_sax<json> {
 public:
  explicit BoundedBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return Put(json(nullptr)); }
  bool boolean(bool value) override { return Put(json(value)); }
  bool number_integer(json::number_integer_t value) override {
    return Put(json(value));
  }
  bool number_unsigned(json::number_unsigned_t value) override {
    return Put(json(value));
  }
  bool number_float(json::number_float_t value,
                    const json::string_t& /*text*/) override {
    return Put(json(value));
  }
  bool string(json::string_t& value) override {
    return Put(json(std::move(value)));
  }
  bool binary(json::binary_t& /*value*/) override { return false; }

  bool start_object(size_t /*elements*/) override {
    return Open(json::object());
  }
  bool start_array(size_t /*elements*/) override { return Open(json::array()); }
  bool key(json::string_t& name) override {
    if (stack_.back()->contains(name)) {
      error_ = Error{ErrorCode::kMalformed, "duplicate key in JSON object"};
      return false;
    }
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    if (!error_) {
      error_ = Error{ErrorCode::kMalformed,
                     "invalid JSON at byte " + std::to_string(position)};
    }
    return false;
  }

  Result<json> Take(bool parsed) {
    if (error_) return Fail(*error_);
    if (!parsed) return Fail(ErrorCode::kMalformed, "invalid JSON");
    return std::move(root_);
  }

 private:
  bool Count() {
    if (++values_ <= limits_.max_values) return true;
    error_ = Error{
        ErrorCode::kTooLarge,
        "JSON has more than " + std::to_string(limits_.max_values) + " values"};
    return false;
  }

  json* Place(json&& value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool Put(json&& value) {
    if (!Count()) return false;
    Place(std::move(value));
    return true;
  }

  bool Open(json&& value) {
    if (!Count()) return false;
    if (static_cast<int>(stack_.size()) >= limits_.max_depth) {
      error_ =
          Error{ErrorCode::kTooLarge, "JSON is nested deeper than " +
                                          std::to_string(limits_.max_depth)};
      return false;
    }
    // Pointers stay good: a parent does not grow while a child is open.
    stack_.push_back(Place(std::move(value)));
    return true;
  }

  bool Close() {
    stack_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  json root_;
  std::vector<json*> stack_;
  std::string key_;
  size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(
        ErrorCode::kTooLarge,
        "JSON is larger than " + std::to_string(limits.max_bytes) + " bytes");
  }
  BoundedBuilder builder(limits);
  const bool parsed = json::sax_parse(text.begin(), text.end(), &builder);
  return builder.Take(parsed);
}

std::string DumpJson(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string DumpJson(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false,
                    nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace claviger
