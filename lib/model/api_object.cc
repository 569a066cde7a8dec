// SPDX-License-Identifier: Apache-2.0
#include "model/api_object.h"

#include <charconv>

#include "model/collector.h"

namespace claviger::model {

Objects DecodeApiObject(std::string_view json, const Node& root) {
  Collector collector;
  collector.AddObject(json, root);
  return collector.Finish();
}

std::string TextAt(const Node& map, std::string_view key) {
  const Node* text = map.Find(key);
  return text != nullptr && text->quoted ? text->text : "";
}

std::optional<int64_t> IntegerOf(const Node& number) {
  if (number.kind != Node::Kind::kScalar || number.quoted) return std::nullopt;
  const char* end = number.text.data() + number.text.size();
  int64_t value = 0;
  const auto read = std::from_chars(number.text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace claviger::model
