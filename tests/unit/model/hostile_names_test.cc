// SPDX-License-Identifier: Apache-2.0
//
// Names that could change a Vault path or policy, in every field that reaches
// Vault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model_testing.h"
#include "support/hostile_names.h"

namespace claviger::model {
namespace {

using testing::ConnectionNames;
using testing::EndpointNames;
using testing::GrantAndGroupNames;
using testing::HarmlessName;
using testing::HostileNames;
using testing::InEndpoint;
using testing::InMetadata;
using testing::InVault;
using testing::NameField;
using testing::WithName;

// Where `*` in the path stands for the hostile name itself.
bool ComplainsAt(const Objects& objects, const std::string& path) {
  const std::string prefix = path.substr(0, path.find('*'));
  for (const Problem& problem : objects.problems) {
    if (problem.severity == Problem::Severity::kWarning) continue;
    if (problem.path == path ||
        (prefix != path && problem.path.rfind(prefix, 0) == 0)) {
      return true;
    }
  }
  return false;
}

// Not in Objects at all, or refused there.
bool GivesNothing(const Objects& objects) {
  for (const auto& one : objects.connections) {
    if (!one.refused) return false;
  }
  for (const auto& one : objects.grants) {
    if (!one.refused) return false;
  }
  for (const auto& one : objects.groups) {
    if (!one.refused) return false;
  }
  return true;
}

void CheckAll(const std::vector<NameField>& fields) {
  for (const NameField& field : fields) {
    for (const std::string& name : HostileNames()) {
      const std::string json = WithName(field, name);
      const Objects objects = DecodeObject(json);
      EXPECT_TRUE(objects.complete) << json;
      EXPECT_TRUE(GivesNothing(objects)) << json;
      EXPECT_TRUE(ComplainsAt(objects, field.path)) << json;
    }
    const std::string json = WithName(field, HarmlessName(field.path));
    EXPECT_FALSE(GivesNothing(DecodeObject(json))) << json;
  }
}

TEST(HostileNamesTest, AreRefusedInEveryFieldOfAConnection) {
  CheckAll(ConnectionNames());
}

TEST(HostileNamesTest, AreRefusedInEveryFieldOfAnEndpoint) {
  CheckAll(EndpointNames());
}

TEST(HostileNamesTest, AreRefusedInEveryFieldOfGrantsAndGroups) {
  CheckAll(GrantAndGroupNames());
}

// Inside a longer value that is otherwise fine.
TEST(HostileNamesTest, AreRefusedInsideUrlsAndPaths) {
  for (const std::string& name : HostileNames()) {
    if (name.empty() || name == "ROOT" || name == "Root") continue;
    if (name.size() == 300) continue;  // long, but a URL may be longer
    const std::string url =
        WithName(InEndpoint("url", R"("url":@)"), "https://a.corp/" + name);
    EXPECT_TRUE(GivesNothing(DecodeObject(url))) << url;
    const std::string path =
        WithName(InVault("path", R"("engine":"kv2","mount":"a","path":@)"),
                 "sales/" + name);
    EXPECT_TRUE(GivesNothing(DecodeObject(path))) << path;
  }
}

TEST(HostileNamesTest, NeverReachAMessageUnprinted) {
  for (const std::string& name : HostileNames()) {
    const std::string json =
        WithName(InMetadata("", R"("name":@,"namespace":"s")"), name);
    for (const Problem& problem : DecodeObject(json).problems) {
      const std::string line = ToString(problem) + problem.object;
      for (const char c : line) {
        EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
      }
    }
  }
}

}  // namespace
}  // namespace claviger::model
