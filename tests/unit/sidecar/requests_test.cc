// SPDX-License-Identifier: Apache-2.0
//
// Requests that are no question: routes, methods, queries, and who may call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sidecar/api/guard.h"
#include "sidecar/api/problem.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using sidecar::SocketGuard;
using sidecar::TcpGuard;
using ::testing::HasSubstr;

class RequestsTest : public ::testing::Test {
 protected:
  RequestsTest() {
    h.Publish(ObjectsOf({Warehouse()}));
    h.Begin();
  }
  Harness h;
};

TEST_F(RequestsTest, UnknownRoutesAreProblems) {
  for (const char* target :
       {"/", "/v1", "/v1/", "/v2/connections", "/v1/connections/",
        "/v1/connections/sales", "/v1/connections/sales/",
        "/v1/connections/sales/warehouse/",
        "/v1/connections/sales/warehouse/secret",
        "/v1/connections/sales/warehouse/credential/",
        "/v1/connections/sales/warehouse/credential/x",
        "/v1/connections/sales/warehouse/personal/x", "/v1/watch/",
        "/v1//connections", "/V1/connections"}) {
    const auto answer = h.Get(target);
    EXPECT_EQ(answer->status(), 404) << target;
    EXPECT_EQ(answer->Reason(), "UnknownRoute") << target;
  }
}

TEST_F(RequestsTest, WrongMethodsNameTheRightOnes) {
  const std::string base = "/v1/connections/sales/warehouse";
  const std::vector<std::array<std::string, 3>> cases = {
      {"POST", "/v1/connections", "GET"},
      {"HEAD", "/v1/connections", "GET"},
      {"PUT", base, "GET"},
      {"DELETE", base + "/credential", "GET"},
      {"POST", base + "/explain", "GET"},
      {"GET", base + "/report-failed", "POST"},
      {"POST", base + "/personal", "GET, PUT, DELETE"},
      {"POST", "/v1/watch", "GET"}};
  for (const auto& [method, target, allow] : cases) {
    const auto answer = h.Ask(method, target);
    EXPECT_EQ(answer->status(), 405) << method << " " << target;
    EXPECT_EQ(answer->Header("Allow"), allow) << target;
    EXPECT_EQ(answer->Reason(), "MethodNotAllowed");
  }
}

TEST_F(RequestsTest, LaterCapabilitiesSayThatTheyAreMissing) {
  const std::string base = "/v1/connections/sales/warehouse";
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{
           {"GET", base + "/http"}, {"PATCH", base + "/http/a/b?c=d"}}) {
    const auto answer = h.Ask(method, target);
    EXPECT_EQ(answer->status(), 501) << target;
    EXPECT_EQ(answer->Reason(), "CapabilityMissing");
  }
}

TEST_F(RequestsTest, QueriesThatAreNotUnderstoodAreRefused) {
  const std::string base = "/v1/connections/sales/warehouse";
  for (const char* query :
       {"?x=1", "?slot", "?slot=", "?slot=grant/", "?slot=a/b/c",
        "?slot=default&slot=default", "?slot=grant/..%2F..", "?slot=%zz",
        "?slot=grant/%00", "?deliver=inject", "?=", "?&", "?slot%20=default",
        "?slot%20deliver=x"}) {
    const auto answer = h.Get(base + "/credential" + query);
    EXPECT_EQ(answer->status(), 400) << query;
    EXPECT_EQ(answer->Reason(), "InvalidRequest") << query;
  }
  EXPECT_EQ(h.Get(base + "/explain?deliver=steal")->status(), 400);
  EXPECT_EQ(h.Get("/v1/connections?slot=default")->status(), 400);
  EXPECT_EQ(h.Get(base + "/explain?deliver=disclose&slot=default")->status(),
            200);
}

TEST_F(RequestsTest, BrowsersAreRefusedEverywhere) {
  const auto answer =
      h.Get("/v1/connections", {{"Origin", "https://evil.example"}});
  EXPECT_EQ(answer->status(), 403);
  EXPECT_EQ(answer->Reason(), "BrowserRefused");
  EXPECT_EQ(answer->Header("Access-Control-Allow-Origin"), "(none)");
}

http::ServerRequest FromUid(std::optional<uint32_t> uid) {
  http::ServerRequest request;
  request.peer.uid = uid;
  return request;
}

TEST(SocketGuardTest, LetsInTheListedUidsOnly) {
  const SocketGuard guard({1000, 1001});
  EXPECT_FALSE(guard.Check(FromUid(1001)).has_value());
  EXPECT_EQ(guard.Check(FromUid(0))->reason, "PeerNotAllowed");
  EXPECT_EQ(guard.Check(FromUid(std::nullopt))->reason, "PeerNotAllowed");
}

TEST(SocketGuardTest, WithoutAListLetsInAnybody) {
  EXPECT_FALSE(SocketGuard({}).Check(FromUid(12'345)).has_value());
}

class TcpGuardTest : public ::testing::Test {
 protected:
  std::string ReasonWith(Headers headers) {
    http::ServerRequest request;
    request.headers = std::move(headers);
    const auto problem = guard_.Check(request);
    return problem ? std::string(problem->reason) : "let in";
  }
  const TcpGuard guard_{Secret(std::string("s3cret"))};
  const http::Header host_{"Host", "127.0.0.1:4000"};
  const http::Header header_{"X-Claviger-Request", "true"};
  const http::Header secret_{"Authorization", "Bearer s3cret"};
};

TEST_F(TcpGuardTest, WantsHostHeaderAndSecret) {
  EXPECT_EQ(ReasonWith({host_, header_, secret_}), "let in");
  EXPECT_EQ(ReasonWith({{"Host", "localhost"}, header_, secret_}), "let in");
  EXPECT_EQ(ReasonWith({header_, secret_}), "HostRefused");
  EXPECT_EQ(ReasonWith({{"Host", "evil.example:4000"}, header_, secret_}),
            "HostRefused");
  EXPECT_EQ(ReasonWith({{"Host", "127.0.0.1.evil.example"}, header_, secret_}),
            "HostRefused");
  EXPECT_EQ(ReasonWith({host_, secret_}), "BadSecret");
  EXPECT_EQ(ReasonWith({host_, {"X-Claviger-Request", "1"}, secret_}),
            "BadSecret");
  EXPECT_EQ(ReasonWith({host_, header_}), "BadSecret");
  EXPECT_EQ(ReasonWith({host_, header_, {"Authorization", "Bearer s3cre"}}),
            "BadSecret");
  EXPECT_EQ(ReasonWith({host_, header_, {"Authorization", "s3cret"}}),
            "BadSecret");
  EXPECT_EQ(ReasonWith({host_, header_, secret_, {"Origin", "null"}}),
            "BrowserRefused");
}

TEST(ProblemTest, ReasonsOfDecisionsHaveTheDecisionsStatus) {
  using access::Reason;
  for (const Reason reason :
       {Reason::kNotVisible, Reason::kForbidden, Reason::kDenied,
        Reason::kNotReady, Reason::kInjectionUnsupported,
        Reason::kAmbiguousCredential, Reason::kNotEligible,
        Reason::kEnrollmentRequired, Reason::kNoCredential,
        Reason::kServerSideOnly, Reason::kDisclosureNotAllowed}) {
    access::Decision decision;
    decision.reason = reason;
    const sidecar::Problem problem = sidecar::FromDecision(decision);
    EXPECT_EQ(problem.status(), access::StatusOf(reason));
    EXPECT_EQ(problem.reason, access::ToString(reason));
  }
}

TEST(ProblemTest, EveryReasonIsInTheReference) {
  std::ifstream file(std::string(CLAVIGER_SOURCE_DIR) +
                     "/docs/reference/local-api.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const sidecar::ReasonInfo& row : sidecar::AllReasons()) {
    EXPECT_THAT(text.str(), HasSubstr("| `" + std::string(row.reason) + "` | " +
                                      std::to_string(row.status)));
  }
}

}  // namespace
}  // namespace claviger::testing
