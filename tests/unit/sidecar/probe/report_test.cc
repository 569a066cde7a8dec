// SPDX-License-Identifier: Apache-2.0
//
// What is made of a server's refusals: reasons and texts of our own.
#include "sidecar/probe/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::sidecar::probe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

postgres::LoginFailure RefusedBy(const std::string& sqlstate) {
  postgres::LoginFailure failure;
  failure.fault = postgres::LoginFault::kRefused;
  failure.error.sqlstate = sqlstate;
  failure.error.message = "canary-said by the server";
  failure.error.detail = "canary-said by the server";
  failure.error.hint = "canary-said by the server";
  return failure;
}

TEST(ProbeReportTest, NamesPostgresRefusalsByWhatTheyMean) {
  struct Case {
    const char* sqlstate;
    const char* reason;
    const char* words;
  };
  for (const Case& one :
       {Case{"28P01", "CredentialRefused", "28P01"},
        Case{"28000", "CredentialRefused", "28000"},
        Case{"3D000", "UpstreamRefused", "no such database as sales"},
        Case{"42501", "UpstreamRefused", "may not connect"},
        Case{"53300", "UpstreamUnavailable", "no connection left"},
        Case{"57P03", "UpstreamUnavailable", "no connections now"},
        Case{"XX000", "UpstreamRefused", "refuses the session"},
        Case{"", "UpstreamRefused", "refuses the session"}}) {
    const Fault fault = FaultOf(RefusedBy(one.sqlstate), "sales");
    EXPECT_EQ(fault.reason, one.reason) << one.sqlstate;
    EXPECT_THAT(fault.detail, HasSubstr(one.words));
    EXPECT_THAT(fault.detail + fault.fix, Not(HasSubstr("canary")));
    EXPECT_FALSE(fault.fix.empty());
  }
  EXPECT_THAT(FaultOf(RefusedBy("3D000"), "").detail,
              HasSubstr("the user's name"));
}

TEST(ProbeReportTest, RepeatsNoStateThatItDoesNotKnow) {
  EXPECT_THAT(FaultOf(RefusedBy("PASSW"), "").detail, Not(HasSubstr("PASSW")));
}

TEST(ProbeReportTest, TellsAServerThatIsNoneFromOneThatRefuses) {
  postgres::LoginFailure failure;
  failure.error.message = "canary";
  failure.fault = postgres::LoginFault::kImpostor;
  EXPECT_EQ(FaultOf(failure, "").reason, "UpstreamUntrusted");
  failure.fault = postgres::LoginFault::kMethod;
  EXPECT_EQ(FaultOf(failure, "").reason, "UpstreamRefused");
  EXPECT_THAT(FaultOf(failure, "").fix, HasSubstr("require_auth"));
  failure.fault = postgres::LoginFault::kProtocol;
  EXPECT_EQ(FaultOf(failure, "").reason, "UpstreamUnavailable");
  EXPECT_THAT(FaultOf(failure, "").detail, Not(HasSubstr("canary")));
}

TEST(ProbeReportTest, TakesAnHttpStatusForWhatItProves) {
  for (const int status : {200, 204, 301, 304}) {
    EXPECT_EQ(EndOf(status).ended, Ended::kOk) << status;
  }
  for (const int status : {401, 403, 407}) {
    ASSERT_EQ(EndOf(status).ended, Ended::kFailed) << status;
    EXPECT_EQ(EndOf(status).fault->reason, "CredentialRefused");
  }
  for (const int status : {400, 404, 405, 429}) {
    EXPECT_EQ(EndOf(status).ended, Ended::kUnproven) << status;
    EXPECT_THAT(EndOf(status).note, HasSubstr("says nothing"));
  }
  ASSERT_EQ(EndOf(503).ended, Ended::kFailed);
  EXPECT_EQ(EndOf(503).fault->reason, "UpstreamUnavailable");
}

}  // namespace
}  // namespace claviger::sidecar::probe
