// SPDX-License-Identifier: Apache-2.0
//
// The operator with its webhook, as a process: what is saved is stamped and
// takes effect, and who may not gets told so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cluster_bed.h"
#include "model/document.h"
#include "model/yaml_reader.h"
#include "support/json_text.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kObjects[] = R"(apiVersion: claviger.io/v1alpha1
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
)";

class OperatorWebhookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    auto started = bed_->StartOperator(
        "operator",
        "webhook: {address: 127.0.0.1, port: 0, names: [localhost]}\n"
        "admins: [{groups: [\"system:masters\"]}]\n");
    ASSERT_TRUE(started) << started.error().message;
    operator_.emplace(*std::move(started));
    const auto line = operator_->WaitForLine("webhook listening", kPatience);
    ASSERT_TRUE(line) << operator_->StderrTail();
    Register(json::parse(*line).at("port"));
  }

  // operator/webhook.yaml, with the address that it has here.
  void Register(int port) {
    const auto text = ReadFile(CLAVIGER_SOURCE_DIR "/operator/webhook.yaml",
                               size_t{1} << 20U);
    ASSERT_TRUE(text);
    for (const model::Node& root : model::ReadYaml(*text).roots) {
      json object = json::parse(ToJson(root));
      const std::string kind = object["kind"];
      if (kind == "Service") continue;
      for (json& webhook : object["webhooks"]) {
        json& client = webhook["clientConfig"];
        const std::string path = client["service"]["path"];
        client = {{"url", "https://localhost:" + std::to_string(port) + path}};
      }
      const bool validates = kind == "ValidatingWebhookConfiguration";
      const auto made = bed_->kube().Call(
          "POST",
          std::string("/apis/admissionregistration.k8s.io/v1/") +
              (validates ? "validating" : "mutating") + "webhookconfigurations",
          object.dump());
      ASSERT_TRUE(made && made->ok()) << made->body;
    }
  }

  // Whether a person may; RBAC lets everybody of the group edit.
  HttpAnswer CreateAs(const std::string& user, const json& object) {
    HttpCall call = bed_->kube().Prepare(
        "POST", "/apis/claviger.io/v1alpha1/namespaces/sales/grants");
    call.headers.push_back({"Impersonate-User", user});
    call.headers.push_back({"Impersonate-Group", "people"});
    call.headers.push_back({"Impersonate-Group", "system:authenticated"});
    call.body = object.dump();
    const auto answer = SendHttp(call);
    return answer ? *answer : HttpAnswer();
  }

  std::unique_ptr<ClusterBed> bed_;
  std::optional<Process> operator_;
};

TEST_F(OperatorWebhookTest, StampsWhatIsSavedAndRefusesWhoMayNot) {
  // Until the API server has learnt of the bundle, it refuses everything.
  Status applied;
  ASSERT_TRUE(ClusterBed::Await([&] {
    applied = bed_->Apply(kObjects);
    return applied.has_value();
  })) << applied.error().message
      << bed_->LogOf("operator");
  ASSERT_EQ(
      bed_->AwaitCondition("Grant", "sales", "nightly", "Ready", "True/Ready"),
      "True/Ready")
      << bed_->LogOf("operator");
  const json grant = bed_->Get("Grant", "sales", "nightly");
  const json connection = bed_->Get("Connection", "sales", "warehouse");
  EXPECT_EQ(grant["metadata"]["annotations"]["claviger.io/connection-uid"],
            connection["metadata"]["uid"]);
  const auto token = bed_->LogIn("reports", "nightly");
  ASSERT_TRUE(token);
  EXPECT_EQ(bed_->Read(*token, "secret/data/sales/warehouse"), 200);

  ASSERT_TRUE(bed_->Apply(R"(apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: people}
rules: [{apiGroups: [claviger.io], resources: [grants], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: people}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: people}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: people}]
)"));
  const json mine = {{"apiVersion", "claviger.io/v1alpha1"},
                     {"kind", "Grant"},
                     {"metadata", {{"name", "mine"}, {"namespace", "sales"}}},
                     {"spec",
                      {{"connection", "warehouse"},
                       {"subjects", {{{"kind", "User"}, {"name", "mallory"}}}},
                       {"privileges", {"use"}}}}};
  HttpAnswer refused;
  ASSERT_TRUE(ClusterBed::Await([&] {
    refused = CreateAs("mallory", mine);  // once RBAC has let it through
    return refused.body.find("cannot create Grant") != std::string::npos;
  })) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("share"));
  const HttpAnswer owner = CreateAs("erin", mine);
  EXPECT_EQ(owner.status, 201) << owner.body;
  EXPECT_EQ(operator_->Stop(), 0);
}

}  // namespace
}  // namespace claviger::testing
