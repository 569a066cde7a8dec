// SPDX-License-Identifier: Apache-2.0
#include "operator/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::op {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class HealthTest : public ::testing::Test {
 protected:
  int Probe(const std::string& target, const std::string& method = "GET") {
    http::ServerRequest request;
    request.method = method;
    request.target = target;
    return health_.ProbeAnswer(request).status;
  }
  Metrics metrics_;
  Health health_{metrics_};
};

TEST_F(HealthTest, LivesWhateverVaultDoes) {
  EXPECT_EQ(Probe("/healthz"), 200);
  PassReport away;
  away.interrupted = Error{ErrorCode::kSealed, "sealed"};
  health_.Saw(away);
  EXPECT_EQ(Probe("/healthz"), 200);
}

TEST_F(HealthTest, IsReadyAfterAPassThatReachedVault) {
  EXPECT_EQ(Probe("/readyz"), 503);
  PassReport away;
  away.interrupted = Error{ErrorCode::kSealed, "sealed"};
  health_.Saw(away);
  EXPECT_EQ(Probe("/readyz"), 503);
  health_.Saw(PassReport());
  EXPECT_EQ(Probe("/readyz"), 200);
  health_.Saw(away);
  EXPECT_EQ(Probe("/readyz"), 503);
}

TEST_F(HealthTest, AnswersNothingElse) {
  EXPECT_EQ(Probe("/"), 404);
  EXPECT_EQ(Probe("/metrics"), 404);
  EXPECT_EQ(Probe("/healthz", "POST"), 405);
  http::ServerRequest request;
  request.method = "GET";
  request.target = "/healthz";
  EXPECT_EQ(health_.MetricsAnswer(request).status, 404);
}

TEST_F(HealthTest, MetricsCountWithoutNamesFromManifests) {
  PassReport report;
  report.changes = {
      {Action::kCreate, Kind::kPolicy, "claviger.prod.sa.a.b", false},
      {Action::kUpdate, Kind::kRole, "claviger.prod.sa.a.b", true}};
  report.conflicts = {{"sa.secret-project.app", "policy x", "fix"}};
  report.brakes.push_back({"secret-project", 30, 40, "secret-project:1", {}});
  report.missing = {{"secret-project", 2, 9, "secret-project:2", {}},
                    {"hr", 3, 9, "hr:3", {}}};
  report.principals = 7;
  metrics_.Count(report, milliseconds(1'500),
                 Time(std::chrono::seconds(1'767'225'600)));
  http::ServerRequest request;
  request.method = "GET";
  request.target = "/metrics";
  const std::string text = health_.MetricsAnswer(request).body;
  EXPECT_THAT(text,
              HasSubstr("claviger_operator_passes_total{result=\"ok\"} 1"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_drift_restored_total 1"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_principals 7"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_conflicts 1"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_mass_deletions_held_back 1"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_objects_missing 5"));
  EXPECT_THAT(text,
              HasSubstr("claviger_operator_pass_duration_seconds_sum 1.5"));
  EXPECT_THAT(text, HasSubstr("claviger_operator_vault_writes_total{"));
  EXPECT_THAT(text, Not(HasSubstr("secret-project")));
}

TEST_F(HealthTest, UnsettledPassIsNoSuccess) {
  PassReport torn;
  torn.incomplete_read = true;
  metrics_.Count(torn, milliseconds(1), Time(std::chrono::seconds(100)));
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr("claviger_operator_last_success_timestamp_seconds 0"));
  EXPECT_THAT(metrics_.Serialize(),
              HasSubstr("passes_total{result=\"incomplete_read\"} 1"));
}

}  // namespace
}  // namespace claviger::op
