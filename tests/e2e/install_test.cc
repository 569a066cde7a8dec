// SPDX-License-Identifier: Apache-2.0
//
// docs/install.md on a real node, followed to the letter: its four commands,
// with those of its sections on a Vault like the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "base/file.h"
#include "installation.h"
#include "support/await.h"
#include "support/kube_manifests.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kSource[] = CLAVIGER_SOURCE_DIR;
constexpr size_t kMaxFile = size_t{1} << 20U;

/// The page's commands: what is in plain blocks, and in those with a name.
std::map<std::string, std::vector<std::string>> Blocks() {
  std::istringstream page(
      ReadFile(std::string(kSource) + "/docs/install.md", kMaxFile)
          .value_or(""));
  std::map<std::string, std::vector<std::string>> blocks;
  std::vector<std::string>* block = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (block == nullptr && line.rfind("```sh", 0) == 0) {
      block = &blocks[line.substr(5)];
      block->emplace_back();
    } else if (line == "```") {
      block = nullptr;
    } else if (block != nullptr) {
      block->back() += line + "\n";
    }
  }
  return blocks;
}

/// The values of the example with what the page says to change.
std::string Values(const RealVault& vault) {
  std::string text =
      ReadFile(std::string(kSource) + "/examples/install/values.yaml", kMaxFile)
          .value_or("");
  const std::string example = "address: https://vault.vault.svc:8200\n";
  std::string address = "address: " + vault.address() + "\n  caBundle: |\n";
  std::istringstream authority(
      ReadFile(vault.ca_path(), kMaxFile).value_or(""));
  for (std::string line; std::getline(authority, line);) {
    address += "    " + line + "\n";
  }
  text.replace(text.find(example), example.size(), address);
  return text + "vaultReviewer: {create: true}\n" +
         "image: {repository: localhost/claviger/operator}\n"
         "injection: {image: {repository: localhost/claviger/sidecar}}\n";
}

class InstallTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto helm = Helm::Find();
    CLAVIGER_NEED_SERVER(helm);
    helm_ = std::filesystem::path(helm->program()).parent_path();
    auto node = Node::Start();
    CLAVIGER_NEED_SERVER(node);
    node_ = *std::move(node);
    ASSERT_TRUE(
        node_->TagImage("localhost/box:1", "docker.io/curlimages/curl:8.11.1"));
    for (const char* program : {"operator", "sidecar"}) {
      const Status imported =
          node_->Import(std::string(CLAVIGER_IMAGES) + "/claviger-" + program +
                        "-" + CLAVIGER_VERSION + "-amd64.oci.tar");
      ASSERT_TRUE(imported) << imported.error().message;
    }
    RealVault& vault = node_->vault();
    ASSERT_TRUE(vault.EnableSecrets("secret", "kv-v2"));
    ASSERT_TRUE(vault.Call("POST", "secret/data/shop/orders",
                           R"({"data":{"username":"shop","password":"s3"}})"));
    auto directory = ScratchDirectory::Create();
    ASSERT_TRUE(directory);
    directory_.emplace(*std::move(directory));
  }

  // What the page asks for before its first command.
  void Prepare() {
    RealVault& vault = node_->vault();
    for (const auto& [name, text] : std::map<std::string, std::string>{
             {"values.yaml", Values(vault)},
             {"admin.token", vault.root_token()},
             {"vault-ca.pem", ReadFile(vault.ca_path(), kMaxFile).value_or("")},
             {"kubeconfig", AdminKubeconfig(node_->kube())}}) {
      ASSERT_TRUE(directory_->Write(name, text)) << name;
    }
    for (const char* folder : {"helm", "examples"}) {
      std::filesystem::create_directory_symlink(
          std::string(kSource) + "/" + folder, directory_->File(folder));
    }
  }

  Result<Ran> RunScript(const std::string& commands) {
    const auto script = directory_->Write(
        "script.sh",
        "set -euxo pipefail\ncd " + directory_->path() +
            "\nexport HOME=$PWD KUBECONFIG=$PWD/kubeconfig LITTLE_KUBECTL_CA=" +
            node_->kube().ca_path() + " PATH=" CLAVIGER_PROGRAMS ":" + helm_ +
            ":$PATH\n" + commands);
    if (!script) return Fail(script.error());
    ProcessOptions options;
    options.argv = {"bash", *script};
    return RunToEnd(std::move(options), std::chrono::minutes(5));
  }

  std::string helm_;  // the folder that it is in
  std::unique_ptr<Node> node_;
  std::optional<ScratchDirectory> directory_;
};

TEST_F(InstallTest, FourCommandsLeadFromAnEmptyClusterToACredentialInAPod) {
  auto blocks = Blocks();
  const std::vector<std::string> plain = blocks[""];
  ASSERT_EQ(plain.size(), 3u);
  for (const char* name : {" inside", " authority", " outside"}) {
    ASSERT_EQ(blocks[name].size(), 1u) << name;
  }
  ASSERT_NO_FATAL_FAILURE(Prepare());
  // Vault is outside here, and has an authority of its own.
  const auto ran = RunScript(plain[0] + plain[1] + blocks[" authority"][0] +
                             blocks[" outside"][0] + plain[2]);
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_EQ(ran->exit_code, 0) << ran->out << ran->err;
  std::string seen;
  Await(
      [&] {
        for (const json& pod : node_->Pods("shop", "app=frontend")) {
          seen = node_->Log("shop", pod["metadata"]["name"], "frontend");
        }
        return seen.find(R"("username":"shop")") != std::string::npos;
      },
      kNodePatience);
  EXPECT_THAT(seen, HasSubstr(R"("username":"shop")"));
  // And nothing is amiss, as the page says to look.
  const auto status = RunScript("claviger status");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->exit_code, 0) << status->out << status->err;
  EXPECT_THAT(status->out, HasSubstr("1 asked for the sidecar, 0 without it"));
}

}  // namespace
}  // namespace claviger::testing
