// SPDX-License-Identifier: Apache-2.0
#include "model/document.h"

#include <algorithm>
#include <utility>

namespace claviger::model {
namespace {

// Comparing a few keys is faster than hashing them: `hashed` is empty until
// there are more.
bool IsNew(const std::vector<Node>& known,
           std::unordered_set<std::string>& hashed, const std::string& key) {
  constexpr size_t kFew = 16;
  if (known.size() < kFew) {
    return std::none_of(known.begin(), known.end(),
                        [&key](const Node& one) { return one.key == key; });
  }
  if (hashed.empty()) {
    for (const Node& one : known) hashed.insert(one.key);
  }
  return hashed.insert(key).second;
}

}  // namespace

std::string_view WhatIsWrong(Flaw flaw) {
  switch (flaw) {
    case Flaw::kNone:
      return "";
    case Flaw::kAnchor:
      return "anchors are not accepted";
    case Flaw::kAlias:
      return "aliases are not accepted";
    case Flaw::kTag:
      return "unknown tag";
    case Flaw::kMergeKey:
      return "merge keys are not accepted";
    case Flaw::kDuplicateKey:
      return "duplicate key";
    case Flaw::kKeyNotText:
      return "a key must be text";
    case Flaw::kTooDeep:
      return "nested deeper than 64";
    case Flaw::kTooLarge:
      return "more than 200000 values in one document";
  }
  return "";
}

std::string_view HowToFix(Flaw flaw) {
  switch (flaw) {
    case Flaw::kNone:
      return "";
    case Flaw::kAnchor:
    case Flaw::kAlias:
    case Flaw::kMergeKey:
      return "write the value out";
    case Flaw::kTag:
      return "remove the tag";
    case Flaw::kDuplicateKey:
      return "keep one of them";
    case Flaw::kKeyNotText:
      return "use a plain word as the key";
    case Flaw::kTooDeep:
      return "flatten it";
    case Flaw::kTooLarge:
      return "split the document";
  }
  return "";
}

const Node* Node::Find(std::string_view name) const {
  const auto found =
      std::find_if(children.begin(), children.end(),
                   [name](const Node& child) { return child.key == name; });
  return kind == Kind::kMap && found != children.end() ? &*found : nullptr;
}

bool TreeBuilder::WantsKey() const {
  return skipped_ == 0 && !stack_.empty() &&
         stack_.back().node.kind == Node::Kind::kMap && !stack_.back().has_key;
}

void TreeBuilder::Key(std::string key, int line, Flaw flaw) {
  if (skipped_ > 0) return;
  Frame& frame = stack_.back();
  const bool is_new = IsNew(frame.node.children, frame.keys, key);
  // Every duplicate stays in the tree: whether a broken Grant denies is
  // decided by all of them.
  if (flaw == Flaw::kNone && !is_new) flaw = Flaw::kDuplicateKey;
  frame.key = std::move(key);
  frame.key_line = line;
  frame.key_flaw = flaw;
  frame.has_key = true;
}

void TreeBuilder::Put(Node node) {
  if (stack_.empty()) {
    root_ = std::move(node);
    has_root_ = true;
    return;
  }
  Frame& frame = stack_.back();
  if (frame.node.kind == Node::Kind::kMap) {
    node.key = std::move(frame.key);
    node.key_line = frame.key_line;
    if (frame.key_flaw != Flaw::kNone) node.flaw = frame.key_flaw;
    frame.has_key = false;
  }
  if (nodes_ > kMaxNodes) {
    too_large_ = true;
    return;
  }
  ++nodes_;
  std::vector<Node>& children = frame.node.children;
  if (children.empty()) children.reserve(4);
  children.push_back(std::move(node));
}

void TreeBuilder::Null(int line, Flaw flaw) {
  if (skipped_ > 0) return;
  Node node;
  node.line = line;
  node.flaw = flaw;
  Put(std::move(node));
}

void TreeBuilder::Scalar(std::string text, bool quoted, int line, Flaw flaw) {
  if (skipped_ > 0) return;
  Node node;
  node.kind = Node::Kind::kScalar;
  node.quoted = quoted;
  node.line = line;
  node.flaw = flaw;
  node.text = std::move(text);
  Put(std::move(node));
}

void TreeBuilder::Open(Node::Kind kind, int line, Flaw flaw) {
  if (skipped_ > 0 || stack_.size() >= kMaxDepth) {
    if (skipped_++ == 0) {
      Node node;
      node.line = line;
      node.flaw = Flaw::kTooDeep;
      Put(std::move(node));
    }
    return;
  }
  Frame frame;
  frame.node.kind = kind;
  frame.node.line = line;
  frame.node.flaw = flaw;
  stack_.push_back(std::move(frame));
}

void TreeBuilder::Close() {
  if (skipped_ > 0) {
    --skipped_;
    return;
  }
  Node node = std::move(stack_.back().node);
  stack_.pop_back();
  Put(std::move(node));
}

Node TreeBuilder::Take() {
  skipped_ = 0;
  while (!stack_.empty()) {
    // A key whose value never came still counts as given.
    if (stack_.back().has_key) Null(stack_.back().key_line);
    Close();
  }
  Node root = std::move(root_);
  if (too_large_) root.flaw = Flaw::kTooLarge;
  *this = TreeBuilder();
  return root;
}

}  // namespace claviger::model
