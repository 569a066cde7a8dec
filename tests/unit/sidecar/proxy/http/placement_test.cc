// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/digest.h"
#include "sidecar/proxy/http/echo_guard.h"
#include "sidecar/proxy/http/hygiene.h"

namespace claviger::sidecar::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Texts = std::map<std::string, std::string>;

std::variant<Placement, Problem> Make(const std::string& type,
                                      const Texts& texts,
                                      const Texts& parameters = {},
                                      const std::string& provider = "http") {
  access::ConnectionFacts facts;
  facts.provider = provider;
  facts.credential_type = type;
  facts.endpoint.parameters = parameters;
  Fields fields;
  for (const auto& [name, value] : texts) {
    fields.emplace(name, Secret(std::string(value)));
  }
  return MakePlacement(facts, fields);
}

// The request as the server gets it.
std::string Sent(const std::variant<Placement, Problem>& made,
                 const std::string& line = "GET /x?a=1 HTTP/1.1",
                 const std::string& headers = "") {
  const std::string bytes = line + "\r\nHost: l\r\n" + headers + "\r\n";
  RequestHead head;
  EXPECT_EQ(ParseRequestHead(bytes, head), 0);
  const Origin origin = *ParseOrigin("https://api.corp");
  Aimed aimed;
  EXPECT_FALSE(Aim({}, origin, head.method, head.target, aimed));
  std::string out;
  AppendRequest(head, origin, aimed, std::get<Placement>(made), Time(), out);
  return out;
}

std::string ReasonOf(const std::variant<Placement, Problem>& made) {
  const auto* problem = std::get_if<Problem>(&made);
  return problem == nullptr ? "" : std::string(problem->reason);
}

TEST(PlacementTest, PutsEachTypeWhereItBelongs) {
  EXPECT_THAT(Sent(Make("token", {{"token", "t-1"}})),
              HasSubstr("\r\nAuthorization: Bearer t-1\r\n"));
  EXPECT_THAT(Sent(Make("token", {{"token", "t-1"}}, {}, "elasticsearch")),
              HasSubstr("\r\nAuthorization: ApiKey t-1\r\n"));
  EXPECT_THAT(
      Sent(Make("token", {{"token", "t-1"}}, {{"auth_scheme", "Token"}})),
      HasSubstr("\r\nAuthorization: Token t-1\r\n"));
  EXPECT_THAT(
      Sent(Make("password", {{"username", "u"}, {"password", "p"}})),
      HasSubstr("Authorization: Basic " + Base64Encode("u:p") + "\r\n"));
  EXPECT_THAT(
      Sent(Make("header", {{"name", "X-Api-Key"}, {"value", "k"}}),
           "GET /x HTTP/1.1", "x-api-key: mine\r\nX_API_KEY: mine\r\n"),
      ::testing::AllOf(HasSubstr("X-Api-Key: k\r\n"), Not(HasSubstr("mine"))));
}

TEST(PlacementTest, ReplacesTheParameterHoweverTheClientSpellsIt) {
  const auto made =
      Make("token", {{"token", "s&e=c"}}, {{"query_parameter", "key"}});
  EXPECT_THAT(Sent(made, "GET /x?a=1&key=mine&%6bey=mine;key=mine&b HTTP/1.1"),
              HasSubstr("GET /x?a=1&b&key=s%26e%3Dc HTTP/1.1"));
  EXPECT_THAT(Sent(made, "GET /x HTTP/1.1"), HasSubstr("/x?key=s%26e%3Dc "));
  EXPECT_THAT(Sent(made), Not(HasSubstr("Authorization")));
}

TEST(PlacementTest, MergesACookieWithTheClientsOthers) {
  const auto made =
      Make("header", {{"name", "Cookie"}, {"value", "session=ours"}});
  const std::string sent =
      Sent(made, "GET /x HTTP/1.1", "Cookie: a=1; session=mine; b=2\r\n");
  EXPECT_THAT(sent, HasSubstr("Cookie: a=1;  b=2; session=ours\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("mine")));
}

TEST(PlacementTest, RefusesWhatWouldBreakOutOfItsPlace) {
  EXPECT_EQ(ReasonOf(Make("token", {{"token", "a\r\nX: b"}})),
            "CredentialUnusable");
  EXPECT_EQ(ReasonOf(Make("token", {{"token", "line\n"}})),
            "CredentialUnusable");
  EXPECT_EQ(ReasonOf(Make("token", {{"token", ""}})), "CredentialUnusable");
  EXPECT_EQ(ReasonOf(Make("header", {{"name", "X: a\r\nY"}, {"value", "b"}})),
            "CredentialUnusable");
  for (const char* name : {"Host", "content-length", "Transfer-Encoding",
                           "Connection", "upgrade"}) {
    EXPECT_EQ(ReasonOf(Make("header", {{"name", name}, {"value", "b"}})),
              "CredentialUnusable")
        << name;
  }
  EXPECT_EQ(
      ReasonOf(Make("password", {{"username", "a:b"}, {"password", "p"}})),
      "CredentialUnusable");
  EXPECT_EQ(ReasonOf(Make("kerberos", {{"principal", "p"}})),
            "CredentialUnusable");
  EXPECT_EQ(ReasonOf(Make("aws-static", {{"access_key_id", "A"},
                                         {"secret_access_key", "s"}})),
            "CredentialUnusable");
}

TEST(PlacementTest, KnowsWhatMustNotComeBack) {
  const auto password = std::get<Placement>(
      Make("password", {{"username", "user"}, {"password", "long-password"}}));
  const EchoGuard guard(password.needles);
  EXPECT_TRUE(guard.IsIn("x long-password y"));
  EXPECT_TRUE(guard.IsIn(Base64Encode("user:long-password")));
  EXPECT_FALSE(guard.IsIn("long-passwor"));
  const auto short_one = std::get<Placement>(Make("token", {{"token", "abc"}}));
  EXPECT_TRUE(short_one.needles.empty());
}

TEST(EchoGuardTest, FindsWhatIsCutAnywhere) {
  std::vector<Secret> needles;
  needles.emplace_back(std::string("needle-in-hay"));
  const std::string text = "some hay, the needle-in-hay, and more";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EchoGuard guard(needles);
    std::string out;
    std::string all;
    bool clean = guard.Pass(text.substr(0, cut), out);
    all += out;
    clean = clean && guard.Pass(text.substr(cut), out);
    EXPECT_FALSE(clean) << cut;
    EXPECT_THAT(all, Not(HasSubstr("needle"))) << cut;
  }
}

TEST(EchoGuardTest, ChangesNothingOfOtherBodies) {
  std::vector<Secret> needles;
  needles.emplace_back(std::string("aaaaaaaab"));
  EchoGuard guard(needles);
  const std::string text = std::string(200'000, 'a');
  std::string all;
  for (size_t i = 0; i < text.size(); i += 1'000) {
    std::string out;
    ASSERT_TRUE(guard.Pass(std::string_view(text).substr(i, 1'000), out));
    all += out;
  }
  all += guard.Rest();
  EXPECT_EQ(all, text);
}

}  // namespace
}  // namespace claviger::sidecar::proxy
