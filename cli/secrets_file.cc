// SPDX-License-Identifier: Apache-2.0
#include "cli/secrets_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "base/names.h"
#include "model/text.h"
#include "model/yaml_reader.h"

namespace claviger::cli {
namespace {

using model::Node;

constexpr size_t kMaxBytes = size_t{1} << 20U;
constexpr size_t kMaxEntries = 1000;

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Result<std::vector<SecretEntry>> Read(std::string_view text) const {
    if (const auto bad = model::FindBadText(text)) {
      return Wrong(bad->line, bad->what);
    }
    const model::Documents documents = model::ReadYaml(text);
    if (documents.error) {
      return Wrong(documents.error->line, documents.error->what);
    }
    std::vector<SecretEntry> entries;
    for (const Node& root : documents.roots) {
      if (root.kind != Node::Kind::kSequence) {
        return Wrong(root.line, "not a list of {path, data} entries");
      }
      for (const Node& node : root.children) {
        auto entry = ReadEntry(node);
        if (!entry) return Fail(entry.error());
        if (entries.size() == kMaxEntries) {
          return Wrong(node.line, "more than 1000 entries");
        }
        entries.push_back(std::move(*entry));
      }
    }
    return entries;
  }

 private:
  tl::unexpected<Error> Wrong(int line, std::string_view what) const {
    return Fail(ErrorCode::kInvalidArgument,
                file_ + ":" + std::to_string(line) + ": " + std::string(what));
  }

  Result<SecretEntry> ReadEntry(const Node& node) const {
    if (node.kind != Node::Kind::kMap || node.children.size() != 2) {
      return Wrong(node.line, "an entry has exactly path and data");
    }
    const Node* path = node.Find("path");
    const Node* data = node.Find("data");
    if (path == nullptr || data == nullptr) {
      return Wrong(node.line, "an entry has exactly path and data");
    }
    if (path->kind != Node::Kind::kScalar || !IsVaultPath(path->text)) {
      return Wrong(path->line,
                   "path: not MOUNT/PATH of a Vault secret, as "
                   "secret/sales/warehouse");
    }
    if (data->kind != Node::Kind::kMap) {
      return Wrong(data->line, "data: not a map of fields");
    }
    nlohmann::json value;
    if (auto status = Convert(*data, value); !status) {
      return Fail(status.error());
    }
    return SecretEntry{path->text, Secret(DumpJson(value))};
  }

  Status Convert(const Node& node, nlohmann::json& value) const {
    if (node.flaw != model::Flaw::kNone) {
      return Wrong(node.line, WhatIsWrong(node.flaw));
    }
    if (node.kind == Node::Kind::kScalar) {
      value = node.text;
      return {};
    }
    if (node.kind == Node::Kind::kNull) return {};
    const bool is_map = node.kind == Node::Kind::kMap;
    value = is_map ? nlohmann::json::object() : nlohmann::json::array();
    for (const Node& child : node.children) {
      nlohmann::json& place =
          is_map ? value[child.key] : value.emplace_back(nullptr);
      if (auto status = Convert(child, place); !status) return status;
    }
    return {};
  }

  const std::string& file_;
};

}  // namespace

Result<std::vector<SecretEntry>> ReadSecretsFile(const std::string& path) {
  auto text = ReadFile(path, kMaxBytes);
  if (!text) return Fail(text.error());
  auto entries = Reader(path).Read(*text);
  WipeString(*text);
  return entries;
}

}  // namespace claviger::cli
