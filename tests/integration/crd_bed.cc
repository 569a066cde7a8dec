// SPDX-License-Identifier: Apache-2.0
#include "crd_bed.h"

#include <vector>

#include "model/manifests.h"
#include "model/yaml_reader.h"
#include "providers/compatibility.h"
#include "support/json_text.h"
#include "support/kube_manifests.h"

namespace claviger::testing {

using model::Objects;
using nlohmann::json;

namespace {

constexpr const char* kSource = CLAVIGER_SOURCE_DIR;

// What the API server cannot express, or puts right by itself. Each is judged
// differently for the reason given, and nothing else may be.
struct Exception {
  const char* name;
  const char* reason;
  bool (*applies)(const json& object);
};

bool Has(const json& object, const char* pointer) {
  return object.contains(json::json_pointer(pointer));
}

const std::vector<Exception>& Exceptions() {
  static const std::vector<Exception> all = {
      {"no namespace or name in metadata",
       "the API server takes both from the request",
       [](const json& object) {
         return !Has(object, "/metadata/name") ||
                (object["kind"] != "Group" &&
                 !Has(object, "/metadata/namespace"));
       }},
      {"metadata.uid", "the API server gives every object a uid of its own",
       [](const json& object) { return Has(object, "/metadata/uid"); }},
      {"metadata.namespace of a Group",
       "the API server refuses what we pass over with a warning",
       [](const json& object) {
         return object["kind"] == "Group" && Has(object, "/metadata/namespace");
       }},
      {"fields in status",
       "the status is the operator's: not decoded here, and dropped from what "
       "is created there",
       [](const json& object) { return object.contains("status"); }},
      {"a number with a fraction that is none", "see ExceptForThese",
       [](const json& object) {
         return Has(object, "/spec/endpoint/port") &&
                object["spec"]["endpoint"]["port"].is_number_float() &&
                object["spec"]["endpoint"]["port"] < 65536;
       }},
      {"another apiVersion or kind", "there is no such path to send it to",
       [](const json& object) {
         return object.value("apiVersion", "") != "claviger.io/v1alpha1" ||
                (object["kind"] != "Connection" && object["kind"] != "Grant" &&
                 object["kind"] != "Group");
       }},
  };
  return all;
}

}  // namespace

Verdict Ours(const std::string& object) {
  Objects objects = model::DecodeObject(object);
  providers::CheckProviders(objects);
  Verdict verdict;
  for (const model::Problem& problem : objects.problems) {
    if (problem.severity == model::Problem::Severity::kWarning) continue;
    verdict.why += ToString(problem) + "\n";
  }
  const auto fine = [](const auto& list) {
    return list.size() == 1 && !list[0].refused;
  };
  verdict.accepted =
      objects.complete && (fine(objects.connections) || fine(objects.grants) ||
                           fine(objects.groups));
  return verdict;
}

std::string YamlToJson(std::string_view yaml) {
  return ToJson(model::ReadYaml(yaml).roots.at(0));
}

json Good(std::string_view yaml) { return json::parse(YamlToJson(yaml)); }

RealKubeApiServer* CrdTest::kube_ = nullptr;

void CrdTest::SetUpTestSuite() {
  auto kube = RealKubeApiServer::Start();
  CLAVIGER_NEED_SERVER(kube);
  auto installed = InstallCrds(**kube, std::string(kSource) + "/crds");
  ASSERT_TRUE(installed) << installed.error().message;
  kube_ = std::move(*kube).release();
  for (const char* name : {"sales", "finance", "reports"}) {
    ASSERT_TRUE(kube_->CreateNamespace(name));
  }
}
void CrdTest::TearDownTestSuite() {
  delete kube_;
  kube_ = nullptr;
}
void CrdTest::SetUp() {
  if (kube_ == nullptr) GTEST_SKIP() << "no API server";
}

Verdict CrdTest::Theirs(const json& object, const std::string& text) {
  const std::string ns = object["metadata"].value("namespace", "sales");
  const auto answer = kube_->Call(
      "POST",
      ResourcePath("claviger.io/v1alpha1", std::string(object["kind"]), ns) +
          "?dryRun=All&fieldValidation=Strict",
      text);
  if (!answer) {
    ADD_FAILURE() << answer.error().message;
    return {};
  }
  const bool judged =
      answer->status == 201 || answer->status == 400 || answer->status == 422;
  EXPECT_TRUE(judged) << answer->status << " " << answer->body << text;
  return {answer->status == 201, answer->status == 201
                                     ? answer->body
                                     : answer->Json().value("message", "")};
}

bool CrdTest::Agree(const std::string& text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded() || !object.contains("kind")) {
    ADD_FAILURE() << "not an object: " << text;
    return false;
  }
  for (const Exception& one : Exceptions()) {
    if (one.applies(object)) return Ours(text).accepted;
  }
  const Verdict ours = Ours(text);
  const Verdict theirs = Theirs(object, text);
  EXPECT_EQ(ours.accepted, theirs.accepted)
      << text << "\nours: " << ours.why
      << "\ntheirs: " << (theirs.accepted ? "accepted" : theirs.why);
  if (theirs.accepted) {
    const Verdict stored = Ours(theirs.why);
    EXPECT_TRUE(stored.accepted) << theirs.why << "\n" << stored.why;
  }
  return ours.accepted;
}

}  // namespace claviger::testing
