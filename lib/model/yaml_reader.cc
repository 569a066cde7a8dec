// SPDX-License-Identifier: Apache-2.0
#include "model/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // defines what parser.h only declares
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

namespace claviger::model {
namespace {

constexpr std::string_view kCorePrefix = "tag:yaml.org,2002:";

// The non-specific tags: "?" for what is plain, "!" for what is quoted.
bool IsImplicit(const std::string& tag) {
  return tag.empty() || tag == "?" || tag == "!";
}

bool IsCore(const std::string& tag, bool collection) {
  static constexpr std::array<std::string_view, 4> kScalars = {"str", "bool",
                                                               "int", "float"};
  if (tag.compare(0, kCorePrefix.size(), kCorePrefix) != 0) return false;
  const std::string_view name =
      std::string_view(tag).substr(kCorePrefix.size());
  if (collection) return name == "map" || name == "seq";
  for (const std::string_view known : kScalars) {
    if (name == known) return true;
  }
  return false;
}

class Handler final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    start_line_ = mark.line;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (SkippingKey()) return;
    const Flaw flaw = anchor != 0 ? Flaw::kAnchor : Flaw::kNone;
    if (builder_.WantsKey()) {
      builder_.Key("", Line(mark), Flaw::kKeyNotText);
    } else {
      builder_.Null(Line(mark), flaw);
    }
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (SkippingKey()) return;
    if (builder_.WantsKey()) {
      builder_.Key("", Line(mark), Flaw::kAlias);
    } else {
      builder_.Null(Line(mark), Flaw::kAlias);
    }
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (SkippingKey()) return;
    Flaw flaw = anchor != 0 ? Flaw::kAnchor : Flaw::kNone;
    if (!IsImplicit(tag) && !IsCore(tag, false)) flaw = Flaw::kTag;
    const bool quoted = tag == "!" || tag == std::string(kCorePrefix) + "str";
    if (!builder_.WantsKey()) {
      builder_.Scalar(value, quoted, Line(mark), flaw);
      return;
    }
    if (!quoted && value == "<<") flaw = Flaw::kMergeKey;
    builder_.Key(value, Line(mark), flaw);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(Node::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  TreeBuilder& builder() { return builder_; }
  int start_line() const { return start_line_; }

 private:
  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  void Open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (key_depth_ > 0 || builder_.WantsKey()) {
      if (key_depth_++ == 0) key_mark_ = mark;
      return;
    }
    Flaw flaw = anchor != 0 ? Flaw::kAnchor : Flaw::kNone;
    if (!IsImplicit(tag) && !IsCore(tag, true)) flaw = Flaw::kTag;
    builder_.Open(kind, Line(mark), flaw);
  }

  void Close() {
    if (key_depth_ == 0) {
      builder_.Close();
    } else if (--key_depth_ == 0) {
      builder_.Key("", Line(key_mark_), Flaw::kKeyNotText);
    }
  }

  // Inside a map or sequence that stands where a key should.
  bool SkippingKey() const { return key_depth_ > 0; }

  TreeBuilder builder_;
  YAML::Mark key_mark_;
  size_t key_depth_ = 0;
  int start_line_ = 0;
};

// True if line `line` (from 0) of `text` begins with "---". The library starts
// a new document wherever tokens are left over, also in the middle of a line;
// what was meant as part of one object must not pass for another.
class DocumentStarts {
 public:
  explicit DocumentStarts(std::string_view text) : text_(text) {}

  bool At(int line) {
    while (line_ < line) {
      const size_t end = text_.find('\n', offset_);
      if (end == std::string_view::npos) return false;
      offset_ = end + 1;
      ++line_;
    }
    return text_.substr(offset_, 3) == "---";
  }

 private:
  std::string_view text_;
  size_t offset_ = 0;
  int line_ = 0;
};

bool IsEmpty(const Node& root) {
  return root.kind == Node::Kind::kNull && root.flaw == Flaw::kNone;
}

// Put after the text. The library takes the end of the file for the end of a
// quoted scalar, and would hide in it whatever follows a forgotten quote; a
// document that must come out again at the end shows that.
constexpr std::string_view kSentinel = "\n---\nend\n";

/// One run of the library over a text.
class Reading {
 public:
  explicit Reading(std::string_view text)
      : text_(std::string(text) + std::string(kSentinel)),
        sentinel_line_(
            1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'))) {}

  Documents Run() {
    try {
      ReadAll();
    } catch (const YAML::Exception& error) {
      SetError(error.mark.is_null() ? -1 : error.mark.line, error.msg);
    } catch (const std::exception&) {
      SetError(-1, "the YAML reader gave up");
    }
    if (documents_.error && !handler_.builder().empty()) {
      documents_.roots.push_back(handler_.builder().Take());
    }
    return std::move(documents_);
  }

 private:
  // `line` counts from 0.
  void SetError(int line, std::string what) {
    documents_.error = SyntaxError{line + 1, std::move(what)};
    if (line < sentinel_line_) return;
    documents_.error = SyntaxError{sentinel_line_, "unexpected end of file"};
  }

  void ReadAll() {
    std::istringstream stream(text_);
    YAML::Parser parser(stream);
    DocumentStarts starts(text_);
    for (bool first = true; parser.HandleNextDocument(handler_);
         first = false) {
      if (handler_.start_line() == sentinel_line_) {
        handler_.builder().Take();
        return;
      }
      if (!first && !starts.At(handler_.start_line())) {
        if (documents_.whole > 0) --documents_.whole;
        SetError(handler_.start_line(),
                 "unexpected text after the end of the document");
        return;
      }
      Node root = handler_.builder().Take();
      if (!IsEmpty(root)) documents_.roots.push_back(std::move(root));
      documents_.whole = documents_.roots.size();
    }
    SetError(sentinel_line_, "");
  }

  const std::string text_;
  const int sentinel_line_;  // from 0
  Handler handler_;
  Documents documents_;
};

}  // namespace

Documents ReadYaml(std::string_view text) { return Reading(text).Run(); }

}  // namespace claviger::model
