// SPDX-License-Identifier: Apache-2.0
//
// The API server's own description of a Pod against guard_fields.txt: a field
// that nobody has judged fails, and so does a line without a field, or a field
// said to be pinned that no refused attempt changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "integration/guard_attempts.h"
#include "integration/pod_bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

using Verdicts = std::map<std::string, std::string>;  // by path

Verdicts ReadVerdicts() {
  Verdicts verdicts;
  const auto text =
      ReadFile(CLAVIGER_SOURCE_DIR "/tests/integration/guard_fields.txt",
               size_t{1} << 20U);
  if (!text) {
    ADD_FAILURE() << text.error().message;
    return verdicts;
  }
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string path;
    std::string verdict;
    if (line.empty() || line[0] == '#') continue;
    words >> path >> verdict;
    EXPECT_THAT(verdict,
                ::testing::AnyOf("pinned", "judged", "outside", "harmless"))
        << line;
    EXPECT_TRUE(verdicts.emplace(path, verdict).second) << "twice: " << path;
  }
  return verdicts;
}

bool IsWithin(const std::string& path, const std::string& root) {
  return path == root ||
         (path.size() > root.size() && path.starts_with(root) &&
          (path[root.size()] == '.' || path[root.size()] == '['));
}

// All paths of a schema, "spec.containers[].image", down to where the verdicts
// say nothing finer.
class Walk {
 public:
  Walk(const json& schemas, const Verdicts& verdicts)
      : schemas_(schemas), verdicts_(verdicts) {}

  void Visit(const json& schema, const std::string& path) {
    seen_.insert(path);
    if (!path.empty() && !IsFiner(path)) {
      if (!IsCovered(path)) unknown_.insert(path);
      return;
    }
    const json& whole = Resolve(schema);
    if (whole.contains("items")) return Visit(whole["items"], path + "[]");
    if (!whole.contains("properties")) {
      if (!IsCovered(path)) unknown_.insert(path);
      return;
    }
    for (const auto& [name, property] : whole["properties"].items()) {
      Visit(property, path.empty() ? name : path + "." + name);
    }
  }

  const std::set<std::string>& seen() const { return seen_; }
  const std::set<std::string>& unknown() const { return unknown_; }

 private:
  // Whether a verdict is about something inside.
  bool IsFiner(const std::string& path) const {
    for (const auto& [known, verdict] : verdicts_) {
      if (known != path && IsWithin(known, path)) return true;
    }
    return false;
  }
  bool IsCovered(const std::string& path) const {
    for (const auto& [known, verdict] : verdicts_) {
      if (IsWithin(path, known)) return true;
    }
    return false;
  }
  const json& Resolve(const json& schema) const {
    if (schema.contains("allOf")) return Resolve(schema["allOf"][0]);
    if (!schema.contains("$ref")) return schema;
    const std::string ref = schema["$ref"];
    return schemas_.at(ref.substr(ref.rfind('/') + 1));
  }

  const json& schemas_;
  const Verdicts& verdicts_;
  std::set<std::string> seen_;
  std::set<std::string> unknown_;
};

// "/spec/initContainers/0/env/0/name" as the schema has it.
std::string SchemaPath(const std::string& pointer) {
  std::string path;
  std::istringstream parts(pointer);
  std::string part;
  std::getline(parts, part, '/');
  while (std::getline(parts, part, '/')) {
    const bool index = part == "-" || part.find_first_not_of("0123456789") ==
                                          std::string::npos;
    path += index ? "[]" : (path.empty() ? "" : ".") + part;
  }
  return path;
}

std::set<std::string> ChangedByAttempts() {
  std::set<std::string> changed;
  for (const auto* attempts : {&AgainstTheSidecar(), &AroundTheSidecar()}) {
    for (const Attempt& attempt : *attempts) {
      const json before = InjectedPod();
      json after = before;
      attempt.change(after["spec"], SidecarOf(after));
      for (const json& step : json::diff(before, after)) {
        changed.insert(SchemaPath(step["path"]));
        const json flat =
            step.contains("value") ? step["value"].flatten() : json();
        for (const auto& [inner, value] : flat.items()) {
          changed.insert(
              SchemaPath(std::string(step["path"]) + std::string(inner)));
        }
      }
    }
  }
  return changed;
}

TEST(GuardFieldsTest, KnowsEveryFieldOfAPod) {
  auto kube = RealKubeApiServer::Start();
  CLAVIGER_NEED_SERVER(kube);
  const auto answer = (*kube)->Call("GET", "/openapi/v3/api/v1");
  ASSERT_TRUE(answer && answer->ok());
  const json document = answer->Json();
  const json& schemas = document["components"]["schemas"];
  const Verdicts verdicts = ReadVerdicts();
  Walk walk(schemas, verdicts);
  walk.Visit(schemas.at("io.k8s.api.core.v1.Pod"), "");
  EXPECT_THAT(walk.unknown(), ::testing::IsEmpty())
      << "judge these in guard_fields.txt, and in operator/guard where they "
         "matter";
  for (const auto& [path, verdict] : verdicts) {
    EXPECT_TRUE(walk.seen().contains(path)) << "no such field: " << path;
  }
  EXPECT_GT(walk.seen().size(), 100U);
}

TEST(GuardFieldsTest, HasAnAttemptAtEveryPinnedField) {
  const std::set<std::string> changed = ChangedByAttempts();
  for (const auto& [path, verdict] : ReadVerdicts()) {
    if (verdict != "pinned") continue;
    bool tried = false;
    for (const std::string& one : changed) {
      tried = tried || IsWithin(one, path);
    }
    EXPECT_TRUE(tried) << path << " is said to be pinned, but nobody tries it";
  }
}

}  // namespace
}  // namespace claviger::testing
