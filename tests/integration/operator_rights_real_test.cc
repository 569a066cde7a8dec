// SPDX-License-Identifier: Apache-2.0
//
// What the operator does at the API server against what it may do there: both
// as the server itself tells, by its audit log and its authorizer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "base/file.h"
#include "cluster_bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;

constexpr char kOperator[] =
    "system:serviceaccount:claviger-system:claviger-operator";

// What it may and this scenario has no occasion for.
const std::set<std::string> kOtherOccasions = {
    // The webhook's CA bundle.
    "get admissionregistration.k8s.io/validatingwebhookconfigurations",
    "patch admissionregistration.k8s.io/validatingwebhookconfigurations",
    "patch admissionregistration.k8s.io/mutatingwebhookconfigurations",
    // An object that somebody else changed while its finalizer was written.
    "get claviger.io/connections", "get claviger.io/grants",
    "get claviger.io/groups",
    // A namespace that ends while Vault is away.
    "create configmaps", "update configmaps"};

class OperatorRightsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = ScratchDirectory::Create();
    ASSERT_TRUE(directory);
    directory_.emplace(*std::move(directory));
    const auto policy = directory_->Write(
        "audit.yaml",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: "
        "[RequestReceived]\nrules: [{level: Metadata}]\n");
    ASSERT_TRUE(policy);
    auto bed = ClusterBed::Start(
        {.flags = {"--audit-policy-file=" + *policy,
                   "--audit-log-path=" + directory_->File("audit.log")}});
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
  }

  static std::string NameOf(const json& ref) {
    std::string name = ref.value("apiGroup", "");
    if (!name.empty()) name += "/";
    name += ref.value("resource", "");
    const std::string sub = ref.value("subresource", "");
    return sub.empty() ? name : name + "/" + sub;
  }

  // "patch claviger.io/grants/status", of all that it called.
  void ReadAudit() {
    const auto text = ReadFile(directory_->File("audit.log"), 256U << 20U);
    ASSERT_TRUE(text);
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      const json event = json::parse(line, nullptr, false);
      if (event.is_discarded() || !event.contains("objectRef")) continue;
      if (event["user"].value("username", "") != kOperator) continue;
      const std::string call =
          event["verb"].get<std::string>() + " " + NameOf(event["objectRef"]);
      const int code = event.value("/responseStatus/code"_json_pointer, 0);
      (code == 403 ? refused_ : called_).insert(call);
    }
  }

  std::set<std::string> Allowed() {
    const auto token =
        bed_->kube().RequestToken("claviger-system", "claviger-operator", {});
    HttpCall call = bed_->kube().Prepare(
        "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews");
    for (auto& header : call.headers) {
      if (header.first == "Authorization") header.second = "Bearer " + *token;
    }
    call.body = R"({"apiVersion":"authorization.k8s.io/v1",)"
                R"("kind":"SelfSubjectRulesReview",)"
                R"("spec":{"namespace":"claviger-system"}})";
    const auto answer = SendHttp(call);
    std::set<std::string> allowed;
    if (!answer || !answer->ok()) {
      ADD_FAILURE() << (answer ? answer->body : answer.error().message);
      return allowed;
    }
    const json review = json::parse(answer->body);
    for (const json& rule : review["status"]["resourceRules"]) {
      for (const json& group : rule["apiGroups"]) {
        // What every authenticated user may ask about itself.
        const std::string name = group;
        if (name.rfind("auth", 0) == 0) continue;
        for (const json& resource : rule["resources"]) {
          for (const json& verb : rule["verbs"]) {
            allowed.insert(verb.get<std::string>() + " " +
                           (name.empty() ? "" : name + "/") +
                           resource.get<std::string>());
          }
        }
      }
    }
    return allowed;
  }

  std::optional<ScratchDirectory> directory_;
  std::unique_ptr<ClusterBed> bed_;
  std::set<std::string> called_;
  std::set<std::string> refused_;
};

TEST_F(OperatorRightsTest, ItMayDoWhatItDoesAndNothingElse) {
  auto process = bed_->StartOperator("operator");
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(bed_->Apply(R"(apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: finance}
spec: {members: [{kind: User, name: bob}]}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.corp, database: dw}
  owner: {kind: User, name: erin}
  credentials:
    type: password
    default: {vault: {engine: kv2, mount: secret, path: sales/warehouse}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: nightly, namespace: sales}
spec:
  connection: warehouse
  subjects: [{kind: ServiceAccount, namespace: reports, name: nightly}]
  privileges: [use]
)"));
  // Without the sidecar: which namespaces are left out is looked up, and an
  // Event written.
  const auto pod = bed_->kube().Call(
      "POST", "/api/v1/namespaces/reports/pods",
      R"({"metadata":{"name":"app","labels":{"claviger.io/inject":"true"}},)"
      R"("spec":{"serviceAccountName":"nightly",)"
      R"("containers":[{"name":"app","image":"x"}]}})");
  ASSERT_TRUE(pod && pod->ok()) << pod->body;
  ASSERT_EQ(
      bed_->AwaitCondition("Grant", "sales", "nightly", "Ready", "True/Ready"),
      "True/Ready")
      << bed_->LogOf("operator");
  for (const auto& [kind, ns, name] : std::vector<std::array<std::string, 3>>{
           {"Grant", "sales", "nightly"},
           {"Connection", "sales", "warehouse"},
           {"Group", "", "finance"}}) {
    ASSERT_TRUE(bed_->Delete(kind, ns, name));
    ASSERT_TRUE(ClusterBed::Await([&, kind = kind, ns = ns, name = name] {
      return bed_->Get(kind, ns, name).is_null();
    }));
  }
  EXPECT_EQ(process->Stop(), 0);
  ReadAudit();
  EXPECT_THAT(refused_, IsEmpty());
  const std::set<std::string> allowed = Allowed();
  EXPECT_FALSE(allowed.empty());
  for (const std::string& call : called_) {
    EXPECT_EQ(allowed.count(call), 1U) << call << " is nowhere in rbac.yaml";
  }
  for (const std::string& right : allowed) {
    EXPECT_TRUE(called_.count(right) > 0 || kOtherOccasions.count(right) > 0)
        << right << " was never used";
    EXPECT_EQ(right.find("secrets"), std::string::npos) << right;
    EXPECT_EQ(right.find("token"), std::string::npos) << right;
    EXPECT_EQ(right.find('*'), std::string::npos) << right;
  }
}

}  // namespace
}  // namespace claviger::testing
