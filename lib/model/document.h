// SPDX-License-Identifier: Apache-2.0
//
// One document of a manifest as a tree of maps, sequences and scalars with line
// numbers: what the YAML and the JSON reader both produce, so that one decoder
// serves both. Bounded in depth and size; what was refused on the way is marked
// on the node, so that a document of another kind may hold it. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace claviger::model {

/// What makes a document undecodable without ending the file.
enum class Flaw : uint8_t {
  kNone,
  kAnchor,
  kAlias,
  kTag,
  kMergeKey,
  kDuplicateKey,
  kKeyNotText,
  kTooDeep,
  kTooLarge,
};
/// What is wrong, and how to put it right, for a Problem.
std::string_view WhatIsWrong(Flaw flaw);
std::string_view HowToFix(Flaw flaw);

struct Node {
  enum class Kind : uint8_t { kNull, kScalar, kMap, kSequence };

  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar that is text whatever it looks like
  Flaw flaw = Flaw::kNone;
  int line = 0;      // where the value begins, from 1
  int key_line = 0;  // where its key stands; 0 outside maps
  std::string key;   // in a map
  std::string text;  // of a scalar
  std::vector<Node> children;

  /// The first child of that key, or null.
  const Node* Find(std::string_view name) const;
};

/// Text that could not be parsed; nothing after it was read.
struct SyntaxError {
  int line = 0;
  std::string what;
};

/// The documents of one file, in order. After a syntax error those past
/// `whole` are what had been read around it.
struct Documents {
  std::vector<Node> roots;
  size_t whole = 0;
  std::optional<SyntaxError> error;
};

/// Builds a Node from a stream of events. Never fails: events beyond the bounds
/// are dropped and the place is marked.
class TreeBuilder {
 public:
  static constexpr size_t kMaxDepth = 64;
  static constexpr size_t kMaxNodes = 200'000;

  /// True where the next event is the key of a map's entry.
  bool WantsKey() const;
  void Key(std::string key, int line, Flaw flaw = Flaw::kNone);
  void Null(int line, Flaw flaw = Flaw::kNone);
  void Scalar(std::string text, bool quoted, int line, Flaw flaw = Flaw::kNone);
  void Open(Node::Kind kind, int line, Flaw flaw = Flaw::kNone);
  void Close();
  /// The tree; what is still open is closed. The builder is empty afterwards.
  Node Take();
  bool empty() const { return stack_.empty() && !has_root_; }

 private:
  struct Frame {
    Node node;
    std::unordered_set<std::string> keys;
    std::string key;
    int key_line = 0;
    Flaw key_flaw = Flaw::kNone;
    bool has_key = false;
  };

  void Put(Node node);

  std::vector<Frame> stack_;
  Node root_;
  bool has_root_ = false;
  bool too_large_ = false;
  size_t nodes_ = 0;
  size_t skipped_ = 0;  // open collections that are being passed over
};

}  // namespace claviger::model
