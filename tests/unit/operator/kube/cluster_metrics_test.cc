// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/cluster_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace claviger::op {
namespace {

using ::testing::HasSubstr;

TEST(ClusterMetricsTest, SaysHowTheApiServerIsDoingAndWhoLeads) {
  testing::FakeClock clock;
  kube::Informer::Stats stats;
  bool leads = false;
  ClusterMetrics metrics(
      {{"grants", [&] { return stats; }}}, clock, [&] { return leads; },
      [] {
        return UninjectedPods::Counts{2, 0, 1};
      });
  const std::string before = metrics.Serialize();
  EXPECT_THAT(before, HasSubstr("claviger_operator_leading 0\n"));
  EXPECT_THAT(before, HasSubstr("claviger_operator_api_failures_total{"
                                "resource=\"grants\"} 0\n"));
  leads = true;
  stats.failures = 3;
  stats.lists = 2;
  stats.last_contact = clock.SteadyNow();
  clock.Advance(std::chrono::seconds(7));
  EXPECT_THAT(metrics.Serialize(), HasSubstr("_failures_total{resource="));
  const std::string after = metrics.Serialize();  // counted once
  EXPECT_THAT(after, HasSubstr("claviger_operator_leading 1\n"));
  EXPECT_THAT(after, HasSubstr("api_failures_total{resource=\"grants\"} 3\n"));
  EXPECT_THAT(after, HasSubstr("api_lists_total{resource=\"grants\"} 2\n"));
  EXPECT_THAT(after, HasSubstr("silence_seconds{resource=\"grants\"} 7\n"));
  EXPECT_THAT(after, HasSubstr("uninjected{reason=\"not_injected\"} 2\n"));
  EXPECT_THAT(after, HasSubstr("{reason=\"namespace_excluded\"} 1\n"));
}

}  // namespace
}  // namespace claviger::op
