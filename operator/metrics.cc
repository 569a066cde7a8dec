// SPDX-License-Identifier: Apache-2.0
#include "operator/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace claviger::op {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

Family<Counter>& Counters(prometheus::Registry& registry, const char* name,
                          const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Gauge& SingleGauge(prometheus::Registry& registry, const char* name,
                   const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(
      {});
}

prometheus::Histogram& Durations(prometheus::Registry& registry,
                                 const char* name, const char* help) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(registry)
      .Add({}, prometheus::Histogram::BucketBoundaries{
                   0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300});
}

std::string ResultOf(const PassReport& report) {
  if (report.interrupted)
    return std::string(ToString(report.interrupted->code));
  if (report.incomplete_read) return "incomplete_read";
  return report.failures.empty() ? "ok" : "failures";
}

double Number(size_t count) { return static_cast<double>(count); }

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  Family<Counter>& passes =
      Counters(registry, "claviger_operator_passes_total",
               "Passes of the reconciler, by how they ended.");
  Family<Counter>& writes =
      Counters(registry, "claviger_operator_vault_writes_total",
               "Writes to Vault, by kind and action.");
  Counter& restored =
      Counters(registry, "claviger_operator_drift_restored_total",
               "Things in Vault that were changed by hand and restored.")
          .Add({});
  prometheus::Histogram& duration =
      Durations(registry, "claviger_operator_pass_duration_seconds",
                "How long passes take.");
  Gauge& principals = SingleGauge(
      registry, "claviger_operator_principals",
      "Service accounts, users and claim groups that have rights in Vault.");
  Gauge& conflicts =
      SingleGauge(registry, "claviger_operator_conflicts",
                  "Principals left alone because of something foreign.");
  Gauge& brakes =
      SingleGauge(registry, "claviger_operator_mass_deletions_held_back",
                  "Namespaces whose deletion waits to be confirmed.");
  Gauge& missing = SingleGauge(
      registry, "claviger_operator_objects_missing",
      "Objects gone though nobody saw them deleted: what they held back is "
      "held back still.");
  Gauge& failures = SingleGauge(registry, "claviger_operator_failures",
                                "Principals that the last pass failed for.");
  Gauge& problems = SingleGauge(registry, "claviger_operator_problems",
                                "Problems found in the objects.");
  Gauge& last_success =
      SingleGauge(registry, "claviger_operator_last_success_timestamp_seconds",
                  "When a pass last brought Vault to what the objects say.");
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::Count(const PassReport& report, std::chrono::milliseconds took,
                    Time now) {
  families_->passes.Add({{"result", ResultOf(report)}}).Increment();
  families_->duration.Observe(static_cast<double>(took.count()) / 1000.0);
  for (const Change& change : report.changes) {
    families_->writes
        .Add({{"kind", std::string(ToString(change.kind))},
              {"action", std::string(ToString(change.action))}})
        .Increment();
    if (change.drift) families_->restored.Increment();
  }
  families_->principals.Set(Number(report.principals));
  families_->conflicts.Set(Number(report.conflicts.size()));
  families_->brakes.Set(Number(report.brakes.size()));
  size_t missing = 0;
  for (const Brake& one : report.missing) missing += one.gone;
  families_->missing.Set(Number(missing));
  families_->failures.Set(Number(report.failures.size()));
  families_->problems.Set(Number(report.problems.size()));
  if (report.settled()) {
    families_->last_success.Set(
        static_cast<double>(now.time_since_epoch().count()) / 1000.0);
  }
}

std::string Metrics::Serialize() const {
  return prometheus::TextSerializer().prometheus::Serializer::Serialize(
      families_->registry.Collect());
}

}  // namespace claviger::op
