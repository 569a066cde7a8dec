// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json_gauge.h"

namespace claviger {
namespace {

using nlohmann::json;

// Builds the tree while it counts: the parser stops at the first value over a
// bound, so an attacker's megabyte of brackets never becomes a tree.
class BoundedBuilder final : public nlohmann::json_sax<json> {
 public:
  explicit BoundedBuilder(const JsonLimits& limits) : gauge_(limits) {}

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
    if (stack_.back()->contains(name)) return gauge_.Duplicate();
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return gauge_.Malformed(position);
  }

  Result<json> Take(bool parsed) {
    const Status outcome = gauge_.Outcome(parsed);
    if (!outcome) return Fail(outcome.error());
    return std::move(root_);
  }

 private:
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
    if (!gauge_.Value()) return false;
    Place(std::move(value));
    return true;
  }

  bool Open(json&& value) {
    if (!gauge_.Open()) return false;
    // Pointers stay good: a parent does not grow while a child is open.
    stack_.push_back(Place(std::move(value)));
    return true;
  }

  bool Close() {
    stack_.pop_back();
    return gauge_.Close();
  }

  JsonGauge gauge_;
  json root_;
  std::vector<json*> stack_;
  std::string key_;
};

}  // namespace

Result<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  const Status fits = JsonGauge::CheckSize(text, limits);
  if (!fits) return Fail(fits.error());
  BoundedBuilder builder(limits);
  const bool parsed =
      json::sax_parse(text.data(), text.data() + text.size(), &builder);
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
