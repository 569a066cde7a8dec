// SPDX-License-Identifier: Apache-2.0
//
// A ClusterBed whose operator reaches both servers through fault proxies, with
// one Connection and Grants on it to play with. One thread, except where said.
#pragma once

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cluster_bed.h"
#include "support/fault_proxy.h"

namespace claviger::testing {

class FaultBed {
 public:
  static Result<std::unique_ptr<FaultBed>> Start(
      const KubeOptions& options = {});

  ClusterBed& cluster() { return *cluster_; }
  /// Between the operator and the API server, and Vault.
  FaultProxy& kube() { return *kube_; }
  FaultProxy& vault() { return *vault_; }

  /// Starts the operator, in place of the one before, which is stopped.
  Status StartOperator(const std::string& more = "");
  /// Stops it; its exit code.
  int StopOperator();
  /// Ends it where it stands. From any thread.
  void Kill();
  /// Lets the next one lead at once, as if the lease had run out.
  void DropLease();
  /// What the leader noted there, empty: nothing.
  std::string LeaseNote(const std::string& name);
  bool Running();
  Process& process() { return *operator_; }
  /// Of the operator that was started last.
  std::string Log() const;

  /// The sum of a metric's series whose line has `label` in it; -1 if there is
  /// none.
  double Metric(const std::string& name, const std::string& label = "");
  /// The status of /readyz or /healthz.
  int Probe(const std::string& path);

  /// All that Vault holds under our names: policies, roles and every entry,
  /// without what differs from run to run.
  nlohmann::json Vault();
  /// Removes all of that, except what lets the operator log in.
  void EmptyVault();

  /// Applies WarehouseYaml and a Grant "nightly" for reports/nightly, and waits
  /// until it is Ready; what it was last.
  std::string MakeReady();
  std::string AwaitGrant(const std::string& name, const std::string& expected);
  /// Deletes them, and what else is in `sales`, and waits until they are gone.
  bool Clear();

 private:
  FaultBed() = default;
  std::string ListenLine(const std::string& key);
  void AddEntries(const std::string& path, nlohmann::json& all);

  std::unique_ptr<ClusterBed> cluster_;
  std::unique_ptr<FaultProxy> kube_;
  std::unique_ptr<FaultProxy> vault_;
  std::optional<Process> operator_;
  std::atomic<pid_t> pid_{-1};
  int starts_ = 0;
};

}  // namespace claviger::testing
