// SPDX-License-Identifier: Apache-2.0
//
// Strict, typed reads from a JSON object: a missing or wrong field is noted
// with its path and reads as empty, so that a whole document is judged at the
// end, once. For lib/access only. Borrows the JSON; not synchronised.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::access {

using JsonErrors = std::vector<std::string>;

class JsonReader {
 public:
  /// `json` and `errors` outlive the reader. Anything but an object is noted.
  JsonReader(const nlohmann::json& json, std::string path, JsonErrors& errors)
      : json_(json), path_(std::move(path)), errors_(errors) {
    if (!json_.is_object()) errors_.push_back(path_ + ": not an object");
  }

  bool Has(std::string_view key) const { return Find(key) != nullptr; }

  std::string Text(std::string_view key) {
    const nlohmann::json* value = Find(key);
    if (value != nullptr && value->is_string()) {
      return value->get<std::string>();
    }
    Refuse(key, "a string is expected");
    return "";
  }
  std::string TextOr(std::string_view key, std::string_view fallback) {
    return Has(key) ? Text(key) : std::string(fallback);
  }

  int64_t Number(std::string_view key) {
    const nlohmann::json* value = Find(key);
    // An unsigned number that does not fit would come out negative.
    const bool fits = value != nullptr && value->is_number_integer() &&
                      (!value->is_number_unsigned() ||
                       value->get<uint64_t>() <= uint64_t{INT64_MAX});
    if (fits) return value->get<int64_t>();
    Refuse(key, "an integer is expected");
    return 0;
  }
  /// `low` where it is not from `low` to `high`.
  int NumberIn(std::string_view key, int low, int high) {
    const int64_t number = Number(key);
    if (number >= low && number <= high) return static_cast<int>(number);
    Refuse(key, "out of range");
    return low;
  }
  bool FlagOr(std::string_view key, bool fallback) {
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return fallback;
    if (value->is_boolean()) return value->get<bool>();
    Refuse(key, "true or false is expected");
    return fallback;
  }
  bool Flag(std::string_view key) { return FlagOr(key, false); }

  /// Absent reads as empty, here and below.
  std::vector<std::string> Texts(std::string_view key) {
    std::vector<std::string> texts;
    for (const nlohmann::json& item : List(key)) {
      if (item.is_string()) {
        texts.push_back(item.get<std::string>());
      } else {
        Refuse(key, "strings are expected");
      }
    }
    return texts;
  }

  std::map<std::string, std::string> TextMap(std::string_view key) {
    std::map<std::string, std::string> texts;
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return texts;
    if (!value->is_object()) {
      Refuse(key, "an object is expected");
      return texts;
    }
    for (const auto& [name, item] : value->items()) {
      if (item.is_string()) {
        texts.emplace(name, item.get<std::string>());
      } else {
        Refuse(key, "strings are expected");
      }
    }
    return texts;
  }

  JsonReader Object(std::string_view key) {
    static const nlohmann::json kMissing;
    const nlohmann::json* value = Find(key);
    return {value == nullptr ? kMissing : *value, PathOf(key), errors_};
  }

  std::vector<JsonReader> Objects(std::string_view key) {
    std::vector<JsonReader> objects;
    for (const nlohmann::json& item : List(key)) {
      objects.emplace_back(item, PathOf(key), errors_);
    }
    return objects;
  }

  void Refuse(std::string_view key, std::string_view what) {
    errors_.push_back(PathOf(key) + ": " + std::string(what));
  }

 private:
  const nlohmann::json* Find(std::string_view key) const {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }

  const nlohmann::json& List(std::string_view key) {
    static const nlohmann::json kNone = nlohmann::json::array();
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return kNone;
    if (value->is_array()) return *value;
    Refuse(key, "a list is expected");
    return kNone;
  }

  std::string PathOf(std::string_view key) const {
    return path_ + "." + std::string(key);
  }

  const nlohmann::json& json_;
  std::string path_;
  JsonErrors& errors_;
};

}  // namespace claviger::access
