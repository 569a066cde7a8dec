// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON objects as text, without a tree of them before: the bindings of
// ten thousand principals are mostly the time that their JSON takes. The text
// is byte for byte that of DumpJson where the keys come sorted. Not
// synchronised; pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::access {

/// Appends `text` to `out`, quoted and escaped.
void AppendJsonText(std::string_view text, std::string& out);

/// One object, its members in the order they are given: the caller sorts the
/// keys, which are plain words.
class JsonObject {
 public:
  /// Appends to `out`, which outlives this object.
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

  void Text(std::string_view key, std::string_view text);
  void TextIfAny(std::string_view key, std::string_view text) {
    if (!text.empty()) Text(key, text);
  }
  void Number(std::string_view key, int64_t number);
  void Flag(std::string_view key, bool flag);
  void FlagIfSet(std::string_view key, bool flag) {
    if (flag) Flag(key, flag);
  }
  void Texts(std::string_view key, const std::vector<std::string>& texts);
  void TextMap(std::string_view key,
               const std::map<std::string, std::string>& texts);
  /// Where the value of that key is to be appended.
  std::string& Value(std::string_view key);
  void Close() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

/// Appends an array: `write` appends each one of `items`.
template <typename Items, typename Write>
void AppendJsonArray(const Items& items, Write write, std::string& out) {
  out += '[';
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) out += ',';
    is_first = false;
    write(item, out);
  }
  out += ']';
}

}  // namespace claviger::access
