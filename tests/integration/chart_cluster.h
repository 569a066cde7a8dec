// SPDX-License-Identifier: Apache-2.0
//
// helm/claviger and a real API server: what the tests of the chart in a cluster
// share. One thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "chart_bed.h"

namespace claviger::testing {

class ChartCluster : public ::testing::Test {
 protected:
  void SetUp() override;

  /// Runs Helm, which must do as it is told.
  void ExpectHelm(const std::vector<std::string>& arguments);
  /// Installs or upgrades with the least values, and "--set" for each of `set`.
  void Install(const std::vector<std::string>& set = {});

  /// What the API server says to creating it, without doing so; empty: yes. Its
  /// own namespace counts, then `ns`.
  std::string DryRun(const nlohmann::json& object,
                     const std::string& ns = kNamespace);
  /// Policies come into force a moment after they were written.
  bool AwaitDryRun(const nlohmann::json& object, const std::string& ns,
                   bool accepted);
  /// Null where it is not there.
  nlohmann::json Get(const std::string& path);
  /// Creates it at that path, which must succeed.
  void Create(const std::string& path, const nlohmann::json& object);

  /// What the chart renders with the least values and these.
  std::vector<nlohmann::json> Rendered(
      const std::vector<std::string>& set = {}) const;

  std::optional<Helm> helm_;
  std::unique_ptr<RealKubeApiServer> kube_;
};

/// The pod of a Deployment or Job, as a pod of that name.
nlohmann::json PodOf(const nlohmann::json& workload, const std::string& name);

/// A pod of the service account "default" of the namespace "shop", as the
/// operator of that rendering injects it; without the label, since nobody
/// answers for the webhook.
nlohmann::json InjectedPod(const std::vector<nlohmann::json>& rendered);

}  // namespace claviger::testing
