// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/sidecar_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sidecar/config.h"

namespace claviger::op::inject {
namespace {

using ::testing::HasSubstr;

SidecarFacts Facts() {
  return {"prod",
          "https://vault.corp:8200",
          "-----BEGIN\nA+/=\n-----END\n",
          "team/a",
          "kv",
          "jwt",
          "pods",
          "users",
          "email"};
}

TEST(SidecarTextTest, IsWrittenOneWayOnly) {
  const auto text = SidecarText(Facts());
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text,
            R"({"cluster":"prod","socket":{"mode":"0666"},"vault":{)"
            R"("address":"https://vault.corp:8200","auth":{"kind":"jwt",)"
            R"("mount":"pods"},"ca":"-----BEGIN\nA+/=\n-----END\n",)"
            R"("mount":"kv","namespace":"team/a","userAuth":{)"
            R"("mount":"users","userClaim":"email"}}})");
}

TEST(SidecarTextTest, TellsOfTheTokenForNewsOnlyWhereThereIsOne) {
  SidecarFacts facts = Facts();
  facts.push = true;
  EXPECT_THAT(
      *SidecarText(facts),
      HasSubstr(
          R"("prod","push":{"tokenFile":"/var/run/secrets/claviger/push-token"},)"));
}

TEST(SidecarTextTest, IsWhatASidecarStartsWith) {
  SidecarFacts facts = Facts();
  facts.push = true;
  const auto text = SidecarText(facts);
  ASSERT_TRUE(text);
  const auto config =
      sidecar::ParseConfig(*text, "--settings", {"shop/app", "info"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->vault_address, Facts().vault_address);
  EXPECT_EQ(config->vault_ca, Facts().vault_ca);
  EXPECT_EQ(config->vault_namespace, "team/a");
  EXPECT_EQ(config->settings.vault.cluster, "prod");
  EXPECT_EQ(config->settings.vault.mount, "kv");
  EXPECT_EQ(config->settings.vault.auth_mount, "pods");
  EXPECT_EQ(config->settings.vault.user_auth_mount, "users");
  EXPECT_EQ(config->settings.vault.user_claim, "email");
  EXPECT_EQ(config->push_token_file, "/var/run/secrets/claviger/push-token");
  EXPECT_EQ(config->settings.socket.mode, 0666U);
  EXPECT_EQ(config->settings.health->port, 9810);
  EXPECT_EQ(config->token_file, "/var/run/secrets/claviger/token");
}

TEST(SidecarTextTest, LeavesOutWhatIsNotConfigured) {
  SidecarFacts facts;
  facts.cluster = "c";
  facts.vault_address = "https://v";
  facts.auth_kind = "kubernetes";
  facts.user_claim = "sub";
  EXPECT_EQ(*SidecarText(facts),
            R"({"cluster":"c","socket":{"mode":"0666"},"vault":{)"
            R"("address":"https://v","auth":{"kind":"kubernetes"}}})");
}

TEST(SidecarTextTest, RefusesVaultWithoutTls) {
  SidecarFacts facts = Facts();
  facts.vault_address = "http://vault.corp:8200";
  const auto text = SidecarText(facts);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("https://"));
}

TEST(SidecarTextTest, RefusesWhatTheKubeletOrTheGuardWouldReadAsMore) {
  for (const char* bad :
       {"$(X)", "a'b", "<a", "a>", "a&b", "\xc3\xa4", "a`", "a\x7f"}) {
    SidecarFacts facts = Facts();
    facts.vault_ca = bad;
    EXPECT_FALSE(SidecarText(facts)) << bad;
    facts = Facts();
    facts.vault_namespace = bad;
    EXPECT_FALSE(SidecarText(facts)) << bad;
  }
  SidecarFacts facts = Facts();
  facts.vault_ca = std::string(40'000, 'A');
  EXPECT_FALSE(SidecarText(facts));
}

}  // namespace
}  // namespace claviger::op::inject
