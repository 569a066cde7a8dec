// SPDX-License-Identifier: Apache-2.0
#include "cli/local/helpers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/local/server_name.h"
#include "unit/cli/local/played_sidecar.h"

namespace claviger::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const model::ObjectRef kRef{"build", "git"};
const Time kNow = *ParseRfc3339("2026-11-23T12:00:00Z");

std::string Said(const Result<Secret>& answer) {
  return answer ? std::string(answer->Reveal()) : answer.error().message;
}

void PutAws(PlayedSidecar& sidecar, const std::string& ends) {
  sidecar.Put("build/git/credential",
              R"({"type":"aws-static","data":{"access_key_id":"AKIA",)"
              R"("secret_access_key":"s/k","session_token":"t"},"expiresAt":)" +
                  ends + "}");
}

TEST(AwsHelperTest, SpeaksVersionOneAndIsAskedAgain) {
  PlayedSidecar sidecar;
  PutAws(sidecar, "null");
  EXPECT_EQ(json::parse(Said(AwsHelper(sidecar.Api(), kRef, kNow))),
            (json{{"Version", 1},
                  {"AccessKeyId", "AKIA"},
                  {"SecretAccessKey", "s/k"},
                  {"SessionToken", "t"},
                  {"Expiration", "2026-11-23T12:20:00Z"}}));
  PutAws(sidecar, "\"2026-11-23T12:03:00Z\"");
  EXPECT_THAT(Said(AwsHelper(sidecar.Api(), kRef, kNow)),
              HasSubstr("\"Expiration\":\"2026-11-23T12:03:00Z\""));
}

TEST(AwsHelperTest, RefusesOtherCredentials) {
  PlayedSidecar sidecar;
  sidecar.PutLogin("build/git", "{}");
  EXPECT_THAT(Said(AwsHelper(sidecar.Api(), kRef, kNow)),
              HasSubstr("of type password, and AWS takes aws-static"));
}

TEST(ServerNameTest, TellsServersApart) {
  const auto server = [](const char* text) {
    const auto name = ParseServerName(text);
    return name ? name->scheme + " " + name->host + " " + name->port : "none";
  };
  EXPECT_EQ(server("https://Git.Corp/x?y"), "https git.corp 443");
  EXPECT_EQ(server("http://git.corp:8080"), "http git.corp 8080");
  EXPECT_EQ(server("registry.corp:5000"), "https registry.corp 5000");
  EXPECT_EQ(server("[2001:db8::1]:5000"), "https [2001:db8::1] 5000");
  EXPECT_EQ(server("[2001:db8::1]"), "https [2001:db8::1] 443");
  for (const char* bad : {"", "https://", "https://git.corp@evil.corp/",
                          "git.corp:x", "git.corp:", "git.corp:123456"}) {
    EXPECT_EQ(server(bad), "none") << bad;
  }
}

class GitHelperTest : public ::testing::Test {
 protected:
  GitHelperTest() {
    sidecar_.PutLogin("build/git", R"({"url":"https://git.corp:8443/team"})");
  }
  std::string Ask(const std::string& input, const char* action = "get") {
    return Said(GitHelper(sidecar_.Api(), kRef, action, input));
  }
  static constexpr const char* kAsked = "protocol=https\nhost=git.corp:8443\n";
  PlayedSidecar sidecar_;
};

TEST_F(GitHelperTest, AnswersForItsServer) {
  EXPECT_EQ(
      Ask(std::string("capability[]=authtype\n") + kAsked + "\n"),
      std::string("username=bot\npassword=") + PlayedSidecar::kCanary + "\n");
  sidecar_.PutLogin("build/git", R"({"host":"git.corp","port":8443})",
                    "\"expiresAt\":\"2026-11-23T12:03:00Z\"");
  EXPECT_THAT(Ask(kAsked), HasSubstr("\npassword_expiry_utc=1795435380\n"));
}

TEST_F(GitHelperTest, SaysNothingToAnotherServerOrUser) {
  for (const char* other :
       {"protocol=https\nhost=git.corp\n",
        "protocol=http\nhost=git.corp:8443\n",
        "protocol=https\nhost=evil.corp:8443\n", "host=git.corp:8443\n",
        "protocol=https\nhost=git.corp:8443@evil.corp\n",
        "protocol=https\nhost=git.corp:8443\nusername=alice\n", "",
        // What is behind the empty line is not part of it.
        "protocol=https\n\nhost=git.corp:8443\n"}) {
    EXPECT_EQ(Ask(other), "") << other;
  }
  EXPECT_THAT(sidecar_.asked(),
              ::testing::Not(::testing::Contains("POST build/git/report-"
                                                 "failed")));
}

TEST_F(GitHelperTest, StoresNothingAndReportsWhatWasRefused) {
  EXPECT_EQ(Ask(kAsked, "store"), "");
  EXPECT_EQ(Ask(kAsked, "what-comes-later"), "");
  EXPECT_THAT(sidecar_.asked(), ElementsAre());
  sidecar_.Put("build/git/report-failed", "{}");
  EXPECT_EQ(Ask(kAsked, "erase"), "");
  EXPECT_THAT(sidecar_.asked(),
              ElementsAre("GET build/git", "POST build/git/report-failed"));
  // A report of a moment ago is fine.
  sidecar_.Put("build/git/report-failed", "{}", 429);
  EXPECT_EQ(Ask(kAsked, "erase"), "");
}

TEST_F(GitHelperTest, GivesTokensAndRefusesWhatGitCannotRead) {
  sidecar_.Put("build/git/credential",
               R"({"type":"token","data":{"token":"tok"}})");
  EXPECT_EQ(Ask(kAsked), "username=x-access-token\npassword=tok\n");
  EXPECT_EQ(Ask(std::string(kAsked) + "username=me\n"),
            "username=me\npassword=tok\n");
  sidecar_.Put("build/git/credential",
               R"({"type":"token","data":{"token":"tok\nhost=evil"}})");
  EXPECT_THAT(Ask(kAsked), HasSubstr("has a line end"));
  sidecar_.Put("build/git/credential",
               R"({"type":"aws-static","data":{"access_key_id":"x"}})");
  EXPECT_THAT(Ask(kAsked), HasSubstr("this credential is of type aws-static"));
}

class DockerHelperTest : public ::testing::Test {
 protected:
  DockerHelperTest() {
    sidecar_.PutLogin("build/one", R"({"url":"https://one.corp"})");
    sidecar_.PutLogin("build/two", R"({"host":"two.corp","port":5000})");
  }
  std::string Ask(const char* action, const char* input = "") {
    return Said(DockerHelper(
        sidecar_.Api(), {{"build", "one"}, {"build", "two"}}, action, input));
  }
  PlayedSidecar sidecar_;
};

TEST_F(DockerHelperTest, FindsTheServersConnection) {
  EXPECT_EQ(json::parse(Ask("get", "two.corp:5000\n")),
            (json{{"ServerURL", "two.corp:5000"},
                  {"Username", "bot"},
                  {"Secret", PlayedSidecar::kCanary}}));
  EXPECT_EQ(json::parse(Ask("get", "https://one.corp/v1/"))["Username"], "bot");
  for (const char* other : {"two.corp", "evil.corp", "", "http://one.corp"}) {
    EXPECT_EQ(Ask("get", other), "no connection is for that server") << other;
  }
}

TEST_F(DockerHelperTest, ListsWithoutSecretsAndStoresNothing) {
  EXPECT_EQ(json::parse(Ask("list")), (json{{"https://one.corp", "bot"},
                                            {"https://two.corp:5000", "bot"}}));
  EXPECT_EQ(Ask("erase", "one.corp"), "");
  EXPECT_THAT(Ask("store", R"({"ServerURL":"x","Username":"y","Secret":"z"})"),
              HasSubstr("keeps no credential"));
}

}  // namespace
}  // namespace claviger::cli
