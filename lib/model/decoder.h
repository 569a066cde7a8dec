// SPDX-License-Identifier: Apache-2.0
//
// Typed reads of a document that collect problems with their key path instead
// of stopping at the first. A type is decoded by an overload of
//   void Read(const Value& value, T& out);
// which leaves `out` alone where it complains. Enumerations only need their
// names: an overload of `EnumNames`. Not synchronised.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/time.h"
#include "model/document.h"
#include "model/report.h"

namespace claviger::model {

/// What a plain scalar is by YAML's core schema; quoted ones are text.
enum class ScalarType { kText, kBool, kInteger, kFloat };
ScalarType TypeOf(const Node& scalar);

/// A node, how it was reached, and where to complain. Refers to its parent, so
/// it lives on the stack of the function that reads the parent.
class Value {
 public:
  Value(const Node& node, Report& report) : node_(&node), report_(&report) {}
  Value(const Node& node, const Value& parent)
      : node_(&node), report_(parent.report_), parent_(&parent) {}
  Value(const Node& node, const Value& parent, size_t index)
      : node_(&node),
        report_(parent.report_),
        parent_(&parent),
        index_(index) {}

  const Node& node() const { return *node_; }
  Report& report() const { return *report_; }
  /// "spec.subjects[2].name".
  std::string Path() const;
  std::string PathOf(std::string_view key) const;

  void Undecodable(std::string what, std::string fix) const {
    report_->Undecodable(Path(), std::move(what), std::move(fix));
  }
  /// Complains that `expected` was expected here.
  void WrongType(std::string_view expected) const;

 private:
  const Node* node_;
  Report* report_;
  const Value* parent_ = nullptr;
  std::optional<size_t> index_;
};

void Read(const Value& value, bool& out);
/// Refuses empty text: nothing here can be empty where it is given.
void Read(const Value& value, std::string& out);
void Read(const Value& value, std::map<std::string, std::string>& out);
/// RFC 3339.
void Read(const Value& value, Time& out);
/// A whole number of s, m or h: "90s", "10m".
void Read(const Value& value, std::chrono::seconds& out);
/// A decimal integer; one beyond 64 bits becomes the nearest.
void Read(const Value& value, int64_t& out);
void Read(const Value& value, int& out);

template <typename T>
void Read(const Value& value, std::optional<T>& out) {
  T inner{};
  Read(value, inner);
  out = std::move(inner);
}

template <typename T>
void Read(const Value& value, std::vector<T>& out) {
  if (value.node().kind != Node::Kind::kSequence) {
    value.WrongType("a list");
    return;
  }
  out.reserve(value.node().children.size());
  for (size_t i = 0; i < value.node().children.size(); ++i) {
    out.emplace_back();
    Read(Value(value.node().children[i], value, i), out.back());
  }
}

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

/// Complains about an unknown word, naming the known ones.
void UnknownWord(const Value& value, const std::string& word,
                 const std::vector<std::string_view>& known);

template <typename E>
requires std::is_enum_v<E>
void Read(const Value& value, E& out) {
  if (value.node().kind != Node::Kind::kScalar ||
      TypeOf(value.node()) != ScalarType::kText) {
    value.WrongType("text");
    return;
  }
  std::vector<std::string_view> known;
  for (const EnumName<E>& entry : EnumNames(E{})) {
    if (entry.name == value.node().text) {
      out = entry.value;
      return;
    }
    known.push_back(entry.name);
  }
  UnknownWord(value, value.node().text, known);
}

/// The entries of a map. Every key that may be there is asked for once; what
/// was not asked for is unknown.
class Fields {
 public:
  /// Complains if `value`, which must outlive this, is not a map.
  explicit Fields(const Value& value);

  /// The entry of that key, or null.
  const Node* Find(std::string_view key);
  /// Marks a key as known without reading it.
  void Ignore(std::string_view key) { Find(key); }

  /// Reads an entry if it is there; returns whether it is.
  template <typename T>
  bool Optional(std::string_view key, T& out) {
    const Node* node = Find(key);
    if (node != nullptr) Read(Value(*node, value_), out);
    return node != nullptr;
  }
  template <typename T>
  bool Required(std::string_view key, T& out, std::string fix = "add it") {
    const bool there = Optional(key, out);
    if (!there && is_map_) {
      value_.report().Missing(value_.PathOf(key), std::move(fix));
    }
    return there;
  }
  /// An entry that must not be empty where it is given.
  template <typename T>
  bool NonEmpty(std::string_view key, T& out) {
    const bool there = Optional(key, out);
    if (there && Empty(key)) {
      value_.report().Invalid(value_.PathOf(key), "needs at least one entry",
                              "add one, or leave the field out");
    }
    return there;
  }
  /// True where the entry is an empty list or map.
  bool Empty(std::string_view key);

  /// Complains about the keys nobody asked for.
  void Finish() const;

  const Value& value() const { return value_; }

 private:
  const Value& value_;
  bool is_map_;
  std::vector<std::string_view> known_;
};

}  // namespace claviger::model
