// SPDX-License-Identifier: Apache-2.0
#include "cli/local/variables.h"

#include <algorithm>
#include <utility>

#include "base/names.h"
#include "providers/file_formats.h"

namespace claviger::cli {
namespace {

// The kernel takes no longer ones.
constexpr size_t kMaxValue = 100'000;
constexpr size_t kMaxPrefix = 200;

bool IsPrefix(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kMaxPrefix &&
         !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string Upper(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

Status Add(Variables& variables, const std::string& name, Secret value) {
  if (value.Reveal().find('\0') != std::string_view::npos ||
      value.Reveal().size() > kMaxValue) {
    return Fail(ErrorCode::kInvalidArgument,
                name +
                    " is too long for a variable, or holds a byte that none "
                    "can hold; ask for a file instead");
  }
  if (!variables.emplace(name, std::move(value)).second) {
    return Fail(ErrorCode::kInvalidArgument,
                name +
                    " would be set twice; give the connections prefixes of "
                    "their own");
  }
  return {};
}

}  // namespace

Result<VariableWish> ParseVariableWish(const std::string& text) {
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string name = text.substr(0, colon);
  const size_t slash = std::min(name.find('/'), name.size());
  VariableWish wish;
  wish.connection.ns = name.substr(0, slash);
  wish.connection.name = name.substr(std::min(slash + 1, name.size()));
  wish.prefix = colon == text.size()
                    ? providers::VariablePrefix(wish.connection)
                    : text.substr(colon + 1);
  if (!IsDnsLabel(wish.connection.ns) ||
      !IsDnsSubdomain(wish.connection.name) || !IsPrefix(wish.prefix)) {
    return Fail(ErrorCode::kInvalidArgument,
                "--env " + text.substr(0, 100) +
                    ": write NAMESPACE/NAME or NAMESPACE/NAME:PREFIX, the "
                    "prefix of letters, digits and _");
  }
  return wish;
}

Result<Variables> ReadVariables(const LocalApi& api,
                                const std::vector<VariableWish>& wishes) {
  Variables variables;
  for (const VariableWish& wish : wishes) {
    const auto connection = api.Connection(wish.connection);
    if (!connection) return Fail(connection.error());
    auto credential = api.Credential(wish.connection);
    if (!credential) return Fail(credential.error());
    for (const auto& [name, text] : connection->places) {
      Status added =
          Add(variables, wish.prefix + Upper(name), Secret(std::string(text)));
      if (!added) return Fail(added.error());
    }
    for (auto& [name, value] : credential->fields) {
      Status added =
          Add(variables, wish.prefix + Upper(name), std::move(value));
      if (!added) return Fail(added.error());
    }
  }
  return variables;
}

}  // namespace claviger::cli
