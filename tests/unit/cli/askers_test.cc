// SPDX-License-Identifier: Apache-2.0
#include "cli/askers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/manifests.h"

namespace claviger::cli {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> LabelsOf(const std::string& text) {
  const access::Snapshot snapshot(
      model::DecodeManifests(text, "test.yaml", false), {});
  std::vector<std::string> labels;
  for (const Asker& asker : AskersOf(snapshot)) labels.push_back(asker.label);
  return labels;
}

TEST(AskersTest, WithoutObjectsOnlyAnybodyIsAsked) {
  EXPECT_THAT(LabelsOf(""), ElementsAre("any service account", "any user"));
}

TEST(AskersTest, EverybodyThatAnyObjectNamesIsAskedOnce) {
  EXPECT_THAT(
      LabelsOf(R"(
apiVersion: v1
kind: ServiceAccount
metadata: {name: seen, namespace: apps}
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: team}
spec:
  members:
    - {kind: User, name: alice}
    - {kind: Namespace, name: jobs}
    - {kind: ServiceAccount, namespace: apps, name: seen}
  claim: {name: groups, value: team}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: api, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://api.example"}
  owner: {kind: User, name: erin}
  workloads: [{namespace: web}, {namespace: bi, serviceAccounts: [board]}]
  credentials: {type: token}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: g, namespace: sales}
spec:
  connection: api
  subjects:
    - {kind: User, name: alice}
    - {kind: Everyone}
    - {kind: ServiceAccount, namespace: reports, name: nightly}
  privileges: [use]
)"),
      ElementsAre("any service account", "any user",
                  "any service account of jobs", "any service account of web",
                  "any user with groups=team", "sa/apps/seen", "sa/bi/board",
                  "sa/reports/nightly", "user/alice", "user/erin"));
}

model::Connection GatedBy(std::vector<model::Workload> workloads) {
  model::Connection connection;
  connection.workloads = std::move(workloads);
  return connection;
}

TEST(AskersTest, AServiceAccountIsItsOwnCarrierWhateverTheGate) {
  const auto carrier = CarrierFor(access::Caller::ServiceAccount("a", "b"),
                                  GatedBy({{"other", std::nullopt}}));
  ASSERT_TRUE(carrier.has_value());
  EXPECT_EQ(ToString(*carrier), "a/b");
}

TEST(AskersTest, AUserComesInAPodThatTheGateLetsIn) {
  const access::Caller user = access::Caller::User("alice");
  EXPECT_FALSE(CarrierFor(user, model::Connection{}).has_value());
  EXPECT_EQ(CarrierFor(user, GatedBy({{"bi", std::nullopt}}))->ns, "bi");
  const auto named =
      CarrierFor(user, GatedBy({{"bi", std::vector<std::string>{"board"}}}));
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(ToString(*named), "bi/board");
}

}  // namespace
}  // namespace claviger::cli
