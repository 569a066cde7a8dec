// SPDX-License-Identifier: Apache-2.0
#include "dev/embedded_vault.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "http/curl_client.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "vault/auth.h"
#include "vault/http_api.h"
#include "vault/kv.h"
#include "vault/sys.h"

namespace claviger::dev {
namespace {

class EmbeddedVaultTest : public ::testing::Test {
 protected:
  EmbeddedVaultTest()
      : vault_(*EmbeddedVault::Start({clock_, random_, log_})),
        client_(*http::MakeCurlClient({})),
        api_(*vault::MakeHttpApi(
            {.address = vault_->address(), .vault_namespace = ""}, *client_)) {}

  claviger::testing::FakeClock clock_;
  claviger::testing::FakeRandom random_;
  NullLogger log_;
  std::unique_ptr<EmbeddedVault> vault_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> api_;
};

TEST_F(EmbeddedVaultTest, ServesSeededSecrets) {
  ASSERT_TRUE(vault_->PutKv("secret/sales/dw", R"({"user":"u"})"));
  const auto read =
      vault::ReadKv2(*api_, vault_->root_token(), "secret", "sales/dw");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->data.Reveal(), R"({"user":"u"})");
  ASSERT_TRUE(vault_->PutKv("secret/sales/dw", R"({"user":"v"})"));
  EXPECT_EQ(vault::ReadKv2(*api_, vault_->root_token(), "secret", "sales/dw")
                ->version,
            2);
}

TEST_F(EmbeddedVaultTest, SeedsOnlyKvPathsWithObjects) {
  for (const auto& [path, data] :
       std::vector<std::pair<std::string, std::string>>{{"secret", "{}"},
                                                        {"secret/", "{}"},
                                                        {"secret/a/", "{}"},
                                                        {"sys/x", "{}"},
                                                        {"auth/token/x", "{}"},
                                                        {"secret/a", "[]"},
                                                        {"secret/a", "{"}}) {
    const Status put = vault_->PutKv(path, data);
    ASSERT_FALSE(put) << path;
    EXPECT_EQ(put.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(EmbeddedVaultTest, SealsAndUnseals) {
  EXPECT_EQ(vault::ReadHealth(*api_), vault::Health::kActive);
  vault_->Seal(true);
  EXPECT_EQ(vault::ReadHealth(*api_), vault::Health::kSealed);
  vault_->Seal(false);
  EXPECT_EQ(vault::ReadHealth(*api_), vault::Health::kActive);
}

TEST_F(EmbeddedVaultTest, TwoHaveDifferentPortsAndTokens) {
  const auto other = EmbeddedVault::Start({clock_, random_, log_});
  ASSERT_TRUE(other);
  EXPECT_NE((*other)->address(), vault_->address());
  EXPECT_FALSE((*other)->root_token().Equals(vault_->root_token().Reveal()));
}

TEST_F(EmbeddedVaultTest, ServesManyThreads) {
  ASSERT_TRUE(vault_->PutKv("secret/a", R"({"k":"v"})"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        EXPECT_TRUE(vault::ReadKv2(*api_, vault_->root_token(), "secret", "a"));
        EXPECT_TRUE(vault_->PutKv("secret/a", R"({"k":"v"})"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace claviger::dev
