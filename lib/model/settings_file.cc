// SPDX-License-Identifier: Apache-2.0
#include "model/settings_file.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "model/field_lines.h"
#include "model/limits.h"
#include "model/report.h"
#include "model/text.h"
#include "model/yaml_reader.h"

namespace claviger::model {
namespace {

constexpr size_t kHelpColumns = 80;
constexpr size_t kHelpIndent = 6;

Problem Unreadable(const std::string& file, int line, std::string what,
                   std::string fix) {
  Problem problem;
  problem.severity = Problem::Severity::kUnreadable;
  problem.location = {file, line};
  problem.what = std::move(what);
  problem.fix = std::move(fix);
  return problem;
}

void ReportFlaws(const Value& value) {
  const Node& node = value.node();
  if (node.flaw != Flaw::kNone) {
    value.report().UndecodableAt(
        node.key_line > 0 ? node.key_line : node.line, value.Path(),
        std::string(WhatIsWrong(node.flaw)), std::string(HowToFix(node.flaw)));
  }
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = node.children[i];
    ReportFlaws(node.kind == Node::Kind::kSequence ? Value(child, value, i)
                                                   : Value(child, value));
  }
}

// Walks the file along the table.
class Walker {
 public:
  Walker(std::span<const SettingKey> keys,
         const std::function<void(size_t, const Value&)>& read)
      : keys_(keys), read_(read) {}

  void Walk(const Value& value) {
    if (value.node().kind != Node::Kind::kMap) return value.WrongType("a map");
    for (const Node& child : value.node().children) Enter(Value(child, value));
  }

  void ReportMissing(Report& report) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      const std::string path(keys_[i].path);
      if (keys_[i].required && !seen_.contains(i) && !report.Complained(path)) {
        report.Missing(path, "add it: " + std::string(keys_[i].description));
      }
    }
  }

 private:
  void Enter(const Value& value) {
    const std::string path = value.Path();
    bool is_map = false;
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].path == path) {
        seen_.insert(i);
        return read_(i, value);
      }
      is_map = is_map || keys_[i].path.starts_with(path + ".");
    }
    if (is_map) return Walk(value);
    // What carries a flaw has been reported for it.
    if (value.node().flaw != Flaw::kNone) return;
    const std::optional<std::string> nearest = Nearest(path, AllPaths());
    value.Undecodable("unknown key",
                      nearest ? "did you mean " + *nearest + "?" : "remove it");
  }

  std::vector<std::string_view> AllPaths() const {
    std::vector<std::string_view> paths;
    for (const SettingKey& key : keys_) {
      paths.push_back(key.path);
      // "vualt:" is meant to be "vault:".
      for (size_t dot = key.path.find('.'); dot != std::string_view::npos;
           dot = key.path.find('.', dot + 1)) {
        paths.push_back(key.path.substr(0, dot));
      }
    }
    return paths;
  }

  std::span<const SettingKey> keys_;
  const std::function<void(size_t, const Value&)>& read_;
  std::set<size_t> seen_;
};

std::string DefaultOf(const SettingKey& key) {
  if (key.required) return "required";
  if (key.default_value.empty()) return "not set";
  return "default " + std::string(key.default_value);
}

void AppendWrapped(std::string& out, std::string_view text) {
  size_t column = kHelpIndent;
  out.append(kHelpIndent, ' ');
  bool first = true;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!first && column + 1 + word.size() > kHelpColumns) {
      out.append("\n").append(kHelpIndent, ' ');
      column = kHelpIndent;
      first = true;
    }
    if (!first) out.push_back(' ');
    out.append(word);
    column += word.size() + (first ? 0 : 1);
    first = false;
    text.remove_prefix(space == std::string_view::npos ? text.size()
                                                       : space + 1);
  }
  out.append("\n");
}

}  // namespace

std::vector<Problem> ReadSettings(
    std::string_view text, const std::string& file,
    std::span<const SettingKey> keys,
    const std::function<void(size_t, const Value&)>& read) {
  if (text.size() > kMaxFileBytes) {
    return {Unreadable(file, 0, "larger than 1 MiB", "make it smaller")};
  }
  if (const std::optional<BadText> bad = FindBadText(text)) {
    return {Unreadable(file, bad->line, bad->what,
                       "save the file as plain UTF-8 text")};
  }
  const Documents documents = ReadYaml(text);
  if (documents.error) {
    return {Unreadable(file, documents.error->line,
                       "syntax error: " + Printable(documents.error->what),
                       "put it right; nothing was read")};
  }
  if (documents.roots.size() > 1) {
    return {Unreadable(file, documents.roots[1].line,
                       "more than one YAML document", "remove the others")};
  }
  Node empty;
  empty.kind = Node::Kind::kMap;
  const Node& root = documents.roots.empty() ? empty : documents.roots[0];
  Metadata metadata;
  metadata.location = {file, root.line};
  metadata.lines = std::make_shared<FieldLines>(root);
  Report report("", metadata);
  const Value value(root, report);
  ReportFlaws(value);
  Walker walker(keys, read);
  walker.Walk(value);
  walker.ReportMissing(report);
  return report.Take();
}

void ReadAnyText(const Value& value, std::string& out) {
  const Node& node = value.node();
  if (node.kind == Node::Kind::kScalar && TypeOf(node) == ScalarType::kText) {
    out = node.text;
  } else {
    value.WrongType("text");
  }
}

std::string SettingsHelp(std::span<const SettingKey> keys) {
  std::string out;
  for (const SettingKey& key : keys) {
    out.append("  ").append(key.path).append(" (").append(key.type);
    out.append("; ").append(DefaultOf(key)).append(")\n");
    AppendWrapped(out, key.description);
  }
  return out;
}

std::string SettingsMarkdown(std::span<const SettingKey> keys) {
  std::string out = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const SettingKey& key : keys) {
    out.append("| `").append(key.path).append("` | ").append(key.type);
    out.append(" | ");
    if (key.required) {
      out.append("required");
    } else if (!key.default_value.empty()) {
      out.append("`").append(key.default_value).append("`");
    }
    out.append(" | ").append(key.description).append(" |\n");
  }
  return out;
}

}  // namespace claviger::model
