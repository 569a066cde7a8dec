// SPDX-License-Identifier: Apache-2.0
//
// docs/install.md on a real node: the chart, its images, and Vault set up by
// the command line.
#include <gtest/gtest.h>

#include "base/file.h"
#include "integration/chart_bed.h"
#include "node.h"
#include "support/await.h"
#include "support/kube_manifests.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kSource[] = CLAVIGER_SOURCE_DIR;

std::string FileText(const std::string& path) {
  return ReadFile(path, size_t{1} << 20U).value_or("");
}

class InstallTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto node = Node::Start();
    if (!node && !NodeRequired()) {
      GTEST_SKIP() << "no node here: " << node.error().message;
    }
    ASSERT_TRUE(node) << node.error().message;
    node_ = std::move(*node).release();
    Install();
  }
  static void TearDownTestSuite() {
    delete node_;
    node_ = nullptr;
  }
  void SetUp() override {
    if (node_ == nullptr) GTEST_SKIP() << "no node";
  }

  static void Install() {
    for (const char* image :
         {CLAVIGER_OPERATOR_IMAGE, CLAVIGER_SIDECAR_IMAGE}) {
      const Status imported = node_->Import(image);
      ASSERT_TRUE(imported) << imported.error().message;
    }
    const Status tagged =
        node_->TagImage("localhost/box:1", "docker.io/curlimages/curl:8.11.1");
    ASSERT_TRUE(tagged) << tagged.error().message;
    auto directory = ScratchDirectory::Create();
    ASSERT_TRUE(directory);
    auto helm = Helm::Find();
    ASSERT_TRUE(helm) << helm.error().message;
    ASSERT_TRUE(helm->UseServer(node_->kube()));
    const auto installed = helm->Run(
        {"install", "claviger", kChart, "--namespace", kNamespace,
         "--create-namespace", "--values",
         std::string(kSource) + "/examples/install/values.yaml", "--set",
         "vault.address=" + node_->vault().address(), "--set-file",
         "vault.caBundle=" + node_->vault().ca_path(), "--set",
         "image.repository=localhost/claviger/operator", "--set",
         "injection.image.repository=localhost/claviger/sidecar", "--set",
         "vaultReviewer.create=true"});
    ASSERT_TRUE(installed) << installed.error().message;
    ASSERT_EQ(installed->exit_code, 0) << installed->err;
    SetUpVault(*directory);
  }

  // As docs/install.md has it for a Vault outside of the cluster.
  static void SetUpVault(const ScratchDirectory& directory) {
    RealVault& vault = node_->vault();
    ASSERT_TRUE(vault.EnableSecrets("secret", "kv-v2"));
    ASSERT_TRUE(vault.Call("POST", "secret/data/shop/orders",
                           R"({"data":{"username":"shop","password":"s3"}})"));
    const json map = node_->Get(
        "/api/v1/namespaces/claviger-system/configmaps/"
        "claviger-operator");
    std::string config = map.at("data").at("operator.yaml");
    const std::string inside = "/etc/claviger/vault-ca/ca.crt";
    const size_t at = config.find(inside);
    ASSERT_NE(at, std::string::npos) << config;
    config.replace(at, inside.size(), vault.ca_path());
    const auto reviewer =
        node_->kube().RequestToken(kNamespace, "claviger-reviewer", {});
    ASSERT_TRUE(reviewer) << reviewer.error().message;
    const auto config_file = directory.Write("operator.yaml", config);
    const auto admin = directory.Write("admin.token", vault.root_token());
    const auto token = directory.Write("reviewer.token", *reviewer);
    ASSERT_TRUE(config_file && admin && token);
    ProcessOptions options;
    options.argv = {CLAVIGER_CLI,
                    "vault",
                    "setup",
                    "--config",
                    *config_file,
                    "--token-file",
                    *admin,
                    "--kubernetes-host",
                    node_->kube().url(),
                    "--kubernetes-ca",
                    node_->kube().ca_path(),
                    "--reviewer-token-file",
                    *token};
    options.stderr_path = directory.File("setup.log");
    auto process = Process::Start(options);
    ASSERT_TRUE(process) << process.error().message;
    ASSERT_EQ(process->WaitForExit(kNodePatience), 0) << process->StderrTail();
  }

  static int64_t ReadyReplicas(const std::string& ns, const std::string& name) {
    return node_->Get("/apis/apps/v1/namespaces/" + ns + "/deployments/" + name)
        .value("/status/readyReplicas"_json_pointer, int64_t{0});
  }

  // Of the first pod with these labels.
  static std::string LogOf(const std::string& ns, const std::string& labels,
                           const std::string& container) {
    const json pods = node_->Get("/api/v1/namespaces/" + ns +
                                 "/pods?labelSelector=" + labels);
    const json items = pods.value("items", json::array());
    if (items.empty()) return "no pod";
    const std::string name = items[0].at("metadata").at("name");
    return node_->Log(ns, name, container) + "\n" +
           items[0].value("status", json::object()).dump();
  }

  static Node* node_;
};

Node* InstallTest::node_ = nullptr;

TEST_F(InstallTest, LeadsFromAnEmptyClusterToACredentialInAPod) {
  EXPECT_TRUE(
      Await([] { return ReadyReplicas(kNamespace, "claviger-operator") == 2; },
            kNodePatience));
  const Status applied = ApplyManifests(
      node_->kube(),
      FileText(std::string(kSource) + "/examples/install/shop.yaml"));
  ASSERT_TRUE(applied) << applied.error().message;
  std::string seen;
  EXPECT_TRUE(Await(
      [&] {
        seen = LogOf("shop", "app=frontend", "frontend");
        return seen.find(R"("username":"shop")") != std::string::npos;
      },
      kNodePatience))
      << seen;
}

}  // namespace
}  // namespace claviger::testing
