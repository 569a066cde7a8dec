// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/cluster_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace claviger::op {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

// A counter that follows a number which somebody else counts up.
void RaiseTo(Counter& counter, uint64_t number) {
  const double more = static_cast<double>(number) - counter.Value();
  if (more > 0) counter.Increment(more);
}

double SecondsOf(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

}  // namespace

struct ClusterMetrics::Families {
  prometheus::Registry registry;
  Gauge& leading = prometheus::BuildGauge()
                       .Name("claviger_operator_leading")
                       .Help("Whether this replica leads and writes.")
                       .Register(registry)
                       .Add({});
  Family<Counter>& lists = prometheus::BuildCounter()
                               .Name("claviger_operator_api_lists_total")
                               .Help("Complete lists from the API server.")
                               .Register(registry);
  Family<Counter>& failures =
      prometheus::BuildCounter()
          .Name("claviger_operator_api_failures_total")
          .Help("Lists and watches of the API server that failed.")
          .Register(registry);
  Family<Gauge>& silence =
      prometheus::BuildGauge()
          .Name("claviger_operator_api_silence_seconds")
          .Help(
              "Since the API server last told anything; an idle watch is "
              "opened anew after 45.")
          .Register(registry);
  Family<Gauge>& uninjected =
      prometheus::BuildGauge()
          .Name("claviger_operator_pods_uninjected")
          .Help("Pods that asked for the sidecar and run without it.")
          .Register(registry);
};

struct ClusterMetrics::Series {
  Counter& lists;
  Counter& failures;
  Gauge& silence;
};

ClusterMetrics::ClusterMetrics(
    std::vector<Followed> followed, const Clock& clock,
    std::function<bool()> leads,
    std::function<UninjectedPods::Counts()> uninjected)
    : followed_(std::move(followed)),
      clock_(clock),
      leads_(std::move(leads)),
      uninjected_(std::move(uninjected)),
      families_(std::make_unique<Families>()) {
  for (const Followed& one : followed_) {
    const prometheus::Labels labels = {{"resource", one.resource}};
    series_.push_back({families_->lists.Add(labels),
                       families_->failures.Add(labels),
                       families_->silence.Add(labels)});
  }
}

ClusterMetrics::~ClusterMetrics() = default;

std::string ClusterMetrics::Serialize() {
  families_->leading.Set(leads_() ? 1 : 0);
  const UninjectedPods::Counts uninjected = uninjected_();
  for (const inject::WithoutSidecar why : inject::kAllWithoutSidecar) {
    families_->uninjected.Add({{"reason", std::string(LabelOf(why))}})
        .Set(static_cast<double>(uninjected[static_cast<size_t>(why)]));
  }
  for (size_t i = 0; i < followed_.size(); ++i) {
    const kube::Informer::Stats stats = followed_[i].stats();
    RaiseTo(series_[i].lists, stats.lists);
    RaiseTo(series_[i].failures, stats.failures);
    const bool heard = stats.last_contact != SteadyTime{};
    const auto silence = clock_.SteadyNow() - stats.last_contact;
    series_[i].silence.Set(
        heard ? SecondsOf(std::chrono::duration_cast<std::chrono::milliseconds>(
                    silence))
              : 0);
  }
  return prometheus::TextSerializer().prometheus::Serializer::Serialize(
      families_->registry.Collect());
}

}  // namespace claviger::op
