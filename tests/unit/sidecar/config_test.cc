// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace claviger::sidecar {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kLeast =
    "cluster: prod-eu\n"
    "vault: {address: \"https://vault.corp:8200\"}\n"
    "identity: {namespace: reports, serviceAccount: nightly}\n";

std::string Problems(const std::string& text) {
  const Result<Config> config = ParseConfig(text, "c.yaml");
  return config ? "" : config.error().message;
}

TEST(ConfigTest, HasDefaultsForAllThatIsNotRequired) {
  const Result<Config> config = ParseConfig(kLeast, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.vault.cluster, "prod-eu");
  EXPECT_EQ(config->vault_address, "https://vault.corp:8200");
  EXPECT_EQ(config->settings.identity.ns, "reports");
  EXPECT_EQ(config->settings.identity.name, "nightly");
  EXPECT_EQ(config->settings.vault.mount, "claviger");
  EXPECT_EQ(config->settings.vault.user_auth_mount, "");
  EXPECT_EQ(config->settings.socket.path, "/run/claviger/claviger.sock");
  EXPECT_EQ(config->settings.socket.mode, 0660U);
  EXPECT_FALSE(config->settings.tcp.port);
  EXPECT_EQ(config->settings.tcp.secret_file, "/run/claviger/tcp-secret");
  EXPECT_EQ(config->settings.tcp.mode, 0400U);
  EXPECT_EQ(config->settings.health->port, 9810);
  EXPECT_EQ(config->settings.intervals.bindings, seconds(5));
  EXPECT_EQ(config->settings.intervals.kv, seconds(60));
}

TEST(ConfigTest, TakesEveryKey) {
  const Result<Config> config = ParseConfig(
      "cluster: c\n"
      "vault:\n"
      "  address: http://127.0.0.1:8200\n"
      "  caFile: /etc/ca.pem\n"
      "  namespace: \"\"\n"
      "  mount: own/kv\n"
      "  auth: {kind: jwt, mount: pods}\n"
      "  userAuth: {mount: users, userClaim: email}\n"
      "identity: {namespace: n, serviceAccount: s.t}\n"
      "tokenFile: /t\n"
      "socket: {path: /s.sock, mode: \"0600\", allowedUids: [1, 4294967295]}\n"
      "tcp: {port: 4000, secretFile: /f}\n"
      "health: {address: 127.0.0.1, port: 0}\n"
      "log: {level: debug}\n"
      "intervals: {bindingsSeconds: 1, kvSeconds: 2, userSessionSeconds: 3,\n"
      "  reportFailedSeconds: 4, drainSeconds: 6}\n",
      "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->vault_ca_file, "/etc/ca.pem");
  EXPECT_EQ(config->settings.vault.mount, "own/kv");
  EXPECT_EQ(config->settings.vault.auth_mount, "pods");
  EXPECT_EQ(config->settings.vault.user_auth_mount, "users");
  EXPECT_EQ(config->settings.vault.user_claim, "email");
  EXPECT_EQ(config->token_file, "/t");
  EXPECT_EQ(config->settings.socket.mode, 0600U);
  EXPECT_EQ(config->settings.socket.allowed_uids,
            (std::vector<uint32_t>{1, 4'294'967'295U}));
  EXPECT_EQ(config->settings.tcp.port, 4000);
  EXPECT_EQ(config->settings.tcp.secret_file, "/f");
  EXPECT_EQ(config->settings.health->port, 0);
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->settings.intervals.drain, seconds(6));
}

TEST(ConfigTest, ReportsEveryProblemWithItsLine) {
  const std::string problems = Problems(
      "cluster: Prod\n"
      "vualt: {address: x}\n"
      "socket:\n"
      "  mode: \"0777\"\n"
      "  path: relative.sock\n"
      "  allowedUids: [-1]\n"
      "health: {port: 70000}\n"
      "intervals: {kvSeconds: 0}\n"
      "log: {level: chatty}\n");
  for (const char* expected :
       {"c.yaml:1: cluster: ",
        "c.yaml:2: vualt: unknown key; did you mean "
        "vault?",
        "c.yaml:4: socket.mode: ", "c.yaml:5: socket.path: ",
        "c.yaml:6: socket.allowedUids: ", "c.yaml:7: health.port: ",
        "c.yaml:8: intervals.kvSeconds: ", "c.yaml:9: log.level: ",
        "vault.address: required", "identity.namespace: required",
        "identity.serviceAccount: required"}) {
    EXPECT_THAT(problems, HasSubstr(expected));
  }
}

TEST(ConfigTest, RefusesWhatIsNoSingleCleanDocument) {
  const std::string least = kLeast;
  EXPECT_NE(Problems(""), "");
  EXPECT_THAT(Problems(least + "---\n" + least), HasSubstr("more than one"));
  EXPECT_THAT(Problems(least + "cluster: other\n"), HasSubstr("c.yaml:4"));
  EXPECT_THAT(Problems("a: &x 1\nb: *x\n"), HasSubstr("c.yaml:1"));
  EXPECT_THAT(Problems("cluster: [\n"), HasSubstr("syntax error"));
  EXPECT_THAT(Problems("cluster: \"a\x01\"\n"), HasSubstr("c.yaml:1"));
  EXPECT_THAT(Problems(std::string(2'000'000, '#')), HasSubstr("1 MiB"));
  EXPECT_THAT(Problems("- a\n"), HasSubstr("a map"));
  EXPECT_THAT(Problems("vault: text\n"), HasSubstr("vault: expected a map"));
}

TEST(ConfigTest, TheSecretOfAllPortsHasTheModeOfFiles) {
  Overrides flags;
  flags.tcp = "9811";
  flags.files_mode = "0440";
  flags.listen = "sales/api=http:9820,sales/dw=postgres";
  const auto config = ParseConfig(kLeast, "c.yaml", flags);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.tcp.port, 9811);
  EXPECT_EQ(config->settings.tcp.mode, 0440U);
  EXPECT_EQ(providers::ToString(config->settings.proxy.listeners),
            "sales/api=http:9820,sales/dw=postgres");
  for (const char* bad : {"0", "65536", "x", "9811 "}) {
    flags.tcp = bad;
    EXPECT_FALSE(ParseConfig(kLeast, "c.yaml", flags)) << bad;
  }
}

TEST(ConfigTest, IdentityAndLevelComeAsFlagsBesideASharedText) {
  const Result<Config> config =
      ParseConfig(R"({"cluster":"c","socket":{"mode":"0666"},"vault":{)"
                  R"("address":"https://v","ca":"-----BEGIN\nx\n"}})",
                  "--settings", {"reports/nightly", "debug"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.identity.ns, "reports");
  EXPECT_EQ(config->settings.identity.name, "nightly");
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->vault_ca, "-----BEGIN\nx\n");
  EXPECT_EQ(config->settings.socket.mode, 0666U);
}

TEST(ConfigTest, RefusesFlagsThatSayNothing) {
  for (const char* bad : {"reports", "/nightly", "reports/", "a/b/c", "A/b"}) {
    const auto config = ParseConfig(kLeast, "c.yaml", {bad, ""});
    ASSERT_FALSE(config) << bad;
    EXPECT_THAT(config.error().message, HasSubstr("not an identity")) << bad;
  }
  EXPECT_FALSE(ParseConfig(kLeast, "c.yaml", {"", "chatty"}));
}

TEST(ConfigTest, LoginsAreOfFourKinds) {
  const auto read = [](const std::string& auth) {
    return ParseConfig(
        "cluster: c\nvault: {address: \"https://v\", auth: " + auth +
            "}\nidentity: {namespace: a, serviceAccount: b}\n",
        "c.yaml");
  };
  EXPECT_EQ(read("{kind: jwt}")->settings.vault.login, LoginKind::kJwt);
  EXPECT_EQ(read("{kind: token}")->settings.vault.login, LoginKind::kToken);
  const auto role = read("{kind: approle, roleIdFile: /r, secretIdFile: /s}");
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(role->settings.vault.login, LoginKind::kAppRole);
  EXPECT_EQ(role->role_id_file, "/r");
  EXPECT_EQ(role->secret_id_file, "/s");
  EXPECT_THAT(read("{kind: approle}").error().message,
              HasSubstr("vault.auth.roleIdFile: required"));
  EXPECT_THAT(read("{kind: token, roleIdFile: /r}").error().message,
              HasSubstr("are approle's"));
  EXPECT_THAT(read("{kind: userpass}").error().message,
              HasSubstr("use kubernetes, jwt, approle or token"));
}

TEST(ConfigTest, FilesComeFromTheDocumentOrByFlags) {
  const std::string text =
      std::string(kLeast) +
      "files: {wanted: [sales/dw=pgpass, sales/lake=aws], directory: /f, "
      "bindingsDirectory: /b, mode: \"0440\", notify: 8080/reload}\n";
  auto config = ParseConfig(text, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  const FileSettings& files = config->settings.files;
  EXPECT_EQ(providers::ToString(files.wanted),
            "sales/dw=pgpass,sales/lake=aws");
  EXPECT_EQ(files.directory, "/f");
  EXPECT_EQ(files.bindings_directory, "/b");
  EXPECT_EQ(files.mode, 0440U);
  EXPECT_EQ(files.notice->port, 8080);

  Overrides flags;
  flags.files = "sales/x=env";
  flags.files_mode = "0400";
  flags.files_notify = "81/x";
  config = ParseConfig(text, "c.yaml", flags);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(providers::ToString(config->settings.files.wanted), "sales/x=env");
  EXPECT_EQ(config->settings.files.mode, 0400U);
  EXPECT_EQ(config->settings.files.notice->path, "/x");
}

TEST(ConfigTest, RefusesFilesThatAreNone) {
  const std::string problems =
      Problems(std::string(kLeast) +
               "files: {wanted: [dw=pgpass], directory: f, mode: \"0644\", "
               "notify: evil}\n");
  EXPECT_THAT(problems, HasSubstr("files.wanted: not a list of files"));
  EXPECT_THAT(problems, HasSubstr("files.directory: not an absolute path"));
  EXPECT_THAT(problems, HasSubstr("files.mode: not understood"));
  EXPECT_THAT(problems, HasSubstr("files.notify: not understood"));
  for (const auto member :
       {&Overrides::files, &Overrides::files_mode, &Overrides::files_notify}) {
    Overrides flags;
    flags.*member = "x";
    EXPECT_FALSE(ParseConfig(kLeast, "c.yaml", flags));
  }
}

TEST(ConfigTest, AuthoritiesAreGivenOnce) {
  EXPECT_THAT(Problems("cluster: c\n"
                       "vault: {address: \"https://v\", ca: x, caFile: /x}\n"
                       "identity: {namespace: n, serviceAccount: s}\n"),
              HasSubstr("c.yaml: vault.ca: given as text and as a file"));
}

TEST(ConfigTest, NamesThatAreNoneAreRefusedEverywhere) {
  for (const std::string bad :
       {"a\\\"b", "a*", "a+", "..", "%2e", "", "ROOT*",
        "{{identity.entity.name}}", "\xc3\xa4", "a/../b"}) {
    const std::string text =
        "cluster: \"" + bad + "\"\nvault: {address: \"https://v\", mount: \"" +
        bad + "\", auth: {mount: \"" + bad + "\"}, userAuth: {mount: \"" + bad +
        "\"}}\nidentity: {namespace: \"" + bad + "\", serviceAccount: \"" +
        bad + "\"}\n";
    const std::string problems = Problems(text);
    EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 5)
        << bad << ": " << problems;
  }
}

TEST(ConfigTest, ReferencePageHoldsTheTable) {
  std::ifstream file(std::string(CLAVIGER_SOURCE_DIR) +
                     "/docs/reference/sidecar-config.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(model::SettingsMarkdown(ConfigKeys())));
}

TEST(ConfigTest, HelpFitsATerminalAndNamesEveryKey) {
  const std::string help = model::SettingsHelp(ConfigKeys());
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
  }
  for (const model::SettingKey& key : ConfigKeys()) {
    EXPECT_THAT(help, HasSubstr("  " + std::string(key.path) + " ("));
  }
}

}  // namespace
}  // namespace claviger::sidecar
