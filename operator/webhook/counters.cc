// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/counters.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace claviger::op::webhook {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

Family<Counter>& Counts(prometheus::Registry& registry, const char* name,
                        const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Gauge& SingleGauge(prometheus::Registry& registry, const char* name,
                   const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(
      {});
}

prometheus::Histogram& Durations(prometheus::Registry& registry) {
  return prometheus::BuildHistogram()
      .Name("claviger_webhook_review_duration_seconds")
      .Help("From a whole request to its answer.")
      .Register(registry)
      .Add({}, prometheus::Histogram::BucketBoundaries{
                   0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5});
}

const char* NameOf(Injected result) {
  switch (result) {
    case Injected::kPatched:
      return "injected";
    case Injected::kUnchanged:
      return "unchanged";
    case Injected::kRefused:
      return "refused";
    case Injected::kMalformed:
      return "malformed";
  }
  return "";
}

}  // namespace

struct Counters::Families {
  prometheus::Registry registry;
  Family<Counter>& reviews =
      Counts(registry, "claviger_webhook_reviews_total",
             "Admission reviews that were judged, by the rule that refused.");
  Family<Counter>& unjudged =
      Counts(registry, "claviger_webhook_unjudged_total",
             "Requests that were refused without being judged.");
  Family<Counter>& injections =
      Counts(registry, "claviger_webhook_injections_total",
             "Reviews of new pods, by what became of them.");
  prometheus::Histogram& duration = Durations(registry);
  Gauge& waiting = SingleGauge(registry, "claviger_webhook_waiting",
                               "Reviews that wait for a newer snapshot.");
  Gauge& certificate_end = SingleGauge(
      registry, "claviger_webhook_certificate_end_timestamp_seconds",
      "When the serving certificate ends.");
};

Counters::Counters() : families_(std::make_unique<Families>()) {}
Counters::~Counters() = default;

void Counters::Count(Route route, const Review& review, Rule rule,
                     std::chrono::microseconds took) {
  families_->reviews
      .Add({{"route", route == Route::kValidate ? "validate" : "mutate"},
            {"kind", std::string(ToString(review.kind))},
            {"operation", std::string(ToString(review.operation))},
            {"refused_by", std::string(ToString(rule))}})
      .Increment();
  families_->duration.Observe(static_cast<double>(took.count()) / 1e6);
}

void Counters::CountUnjudged(bool malformed) {
  families_->unjudged.Add({{"reason", malformed ? "malformed" : "no_snapshot"}})
      .Increment();
}

void Counters::CountInjection(Injected result) {
  families_->injections.Add({{"result", NameOf(result)}}).Increment();
}

void Counters::SetWaiting(size_t count) {
  families_->waiting.Set(static_cast<double>(count));
}

void Counters::SetCertificateEnd(Time not_after) {
  families_->certificate_end.Set(
      static_cast<double>(not_after.time_since_epoch().count()) / 1000.0);
}

std::string Counters::Serialize() const {
  return prometheus::TextSerializer().prometheus::Serializer::Serialize(
      families_->registry.Collect());
}

}  // namespace claviger::op::webhook
