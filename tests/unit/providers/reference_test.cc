// SPDX-License-Identifier: Apache-2.0
//
// docs/reference/providers.md says what the catalogue says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "providers/catalogue.h"

namespace claviger::providers {
namespace {

using ::testing::HasSubstr;

std::string Code(std::string_view word) {
  return "`" + std::string(word) + "`";
}

// The words in code font, each followed by its footnote, if any.
template <typename Note>
std::string Cell(const std::vector<std::string_view>& words, Note note) {
  std::string cell;
  for (const std::string_view word : words) {
    cell += (cell.empty() ? "" : ", ") + Code(word) + note(word);
  }
  return cell;
}

std::string Row(const Provider& provider) {
  std::string endpoint = "`url`";
  if (provider.family == EndpointFamily::kHost) {
    endpoint = "`host`, " + std::to_string(provider.default_port);
    if (provider.has_hosts) endpoint += ", `hosts`";
    if (provider.has_database) endpoint += ", `database`";
  }
  const auto note = [&provider](std::string_view type) {
    return IsForViewers(provider, *FindType(type)) ? "" : "\xc2\xb9";
  };
  const auto none = [](std::string_view) { return ""; };
  return "| " + Code(provider.id) + " | " + std::string(provider.title) +
         " | " + endpoint + " | " + (provider.has_injector ? "yes" : "no") +
         " | " + Cell(provider.types, note) + " | " +
         Cell(provider.parameters, none) + " |";
}

std::string Row(const CredentialType& type) {
  const auto note = [&type](std::string_view key) {
    for (const std::string_view one : type.one_of) {
      if (one == key) return "\xc2\xb2";
    }
    return "";
  };
  const auto none = [](std::string_view) { return ""; };
  static constexpr std::string_view kHolders[] = {"anyone", "one person",
                                                  "a workload"};
  return "| " + Code(type.id) + " | " + Cell(type.required, none) + " | " +
         Cell(type.optional, note) + " | " +
         std::string(kHolders[static_cast<size_t>(type.holder)]) + " |";
}

TEST(ReferenceTest, DocumentsEveryProviderAndType) {
  const std::string path =
      std::string(CLAVIGER_SOURCE_DIR) + "/docs/reference/providers.md";
  const Result<std::string> page = ReadFile(path, size_t{1} << 20U);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  for (const Provider& provider : AllProviders()) {
    EXPECT_THAT(*page, HasSubstr(Row(provider)));
  }
  for (const CredentialType& type : AllCredentialTypes()) {
    EXPECT_THAT(*page, HasSubstr(Row(type)));
  }
}

}  // namespace
}  // namespace claviger::providers
