// SPDX-License-Identifier: Apache-2.0
//
// docs/getting-started.md, followed to the letter: every shell block of the
// page, in order, between a real API server and a real Vault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "base/file.h"
#include "support/kube_manifests.h"
#include "support/real_servers.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kWithin{240};

/// The blocks as one script. Each says what it runs; those that are to stay in
/// the background do, and end with the script.
std::string ScriptOf(const std::string& page) {
  std::istringstream lines(page);
  std::string script =
      "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";
  std::string line;
  bool inside = false;
  bool background = false;
  int blocks = 0;
  while (std::getline(lines, line)) {
    if (!inside && line.rfind("```sh", 0) == 0) {
      inside = true;
      background = line == "```sh background";
      ++blocks;
      if (background) script += "(";
    } else if (inside && line == "```") {
      inside = false;
      if (background) {
        script += ") > background-" + std::to_string(blocks) + ".log 2>&1 &\n";
      }
    } else if (inside) {
      script += background
                    ? "exec " + line + "\n"
                    : "echo '#' " + std::to_string(blocks) + "\n" + line + "\n";
    }
  }
  EXPECT_GT(blocks, 10);
  return script;
}

class GettingStartedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto kube = RealKubeApiServer::Start();
    CLAVIGER_NEED_SERVER(kube);
    kube_ = std::move(*kube);
    auto vault = RealVault::Start();
    CLAVIGER_NEED_SERVER(vault);
    vault_ = std::move(*vault);
    ASSERT_TRUE(vault_->EnableSecrets("secret", "kv-v2"));
    auto made = ScratchDirectory::Create();
    ASSERT_TRUE(made);
    directory_.emplace(std::move(*made));
    ASSERT_TRUE(directory_->Write("admin.token", vault_->root_token() + "\n"));
    ASSERT_TRUE(directory_->Write("kubeconfig", AdminKubeconfig(*kube_)));
  }

  std::string Read(const std::string& name) const {
    return ReadFile(directory_->File(name), size_t{1} << 20U).value_or("");
  }

  std::unique_ptr<RealKubeApiServer> kube_;
  std::unique_ptr<RealVault> vault_;
  std::optional<ScratchDirectory> directory_;
};

TEST_F(GettingStartedTest, ThePageLeadsToAWorkingGrantAndAwayFromIt) {
  const auto page =
      ReadFile(std::string(CLAVIGER_SOURCE_DIR) + "/docs/getting-started.md",
               size_t{1} << 20U);
  ASSERT_TRUE(page) << page.error().message;
  const std::string head = "cd " + directory_->path() +
                           "\nexport CLAVIGER=" + CLAVIGER_SOURCE_DIR +
                           " VAULT_ADDR=" + vault_->address() +
                           " KUBECONFIG=" + directory_->File("kubeconfig") +
                           " LITTLE_KUBECTL_CA=" + kube_->ca_path() +
                           " PATH=" CLAVIGER_PROGRAMS ":$PATH\n";
  const auto script = directory_->Write("script.sh", head + ScriptOf(*page));
  ASSERT_TRUE(script);
  ProcessOptions options;
  options.argv = {"bash", *script};
  options.stdout_path = directory_->File("out");
  options.stderr_path = directory_->File("err");
  auto process = Process::Start(options);
  ASSERT_TRUE(process) << process.error().message;
  const int code = process->WaitForExit(kWithin).value_or(-1);
  const std::string out = Read("out");
  ASSERT_EQ(code, 0) << out << Read("err") << Read("background-7.log")
                     << Read("background-11.log");
  EXPECT_EQ(json::parse(Read("credential.json"))["data"]["password"],
            "only-for-trying");
  EXPECT_THAT(out, HasSubstr("ok  operator login: the operator can log in"));
  EXPECT_THAT(out, ::testing::Not(HasSubstr("PROBLEM")));
  EXPECT_THAT(out, HasSubstr("secret/data/shop/orders\n"));
  EXPECT_THAT(out, HasSubstr("NotVisible"));
  const auto policy =
      vault_->Call("GET", "sys/policies/acl/claviger.try.sa.web.frontend");
  ASSERT_TRUE(policy);
  EXPECT_THAT(policy->body, ::testing::Not(HasSubstr("shop/orders")));
}

}  // namespace
}  // namespace claviger::testing
