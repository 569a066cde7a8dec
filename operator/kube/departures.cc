// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/departures.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::op {

// Being marked for deletion counted as a generation: never in force.
model::Ended EndOf(const ObjectId& id, const SeenObject& seen) {
  return {std::string(ToString(id.kind)), id.ref, seen.uid,
          seen.generation - 1};
}

Departures::Departures(const Ports& ports, std::chrono::milliseconds patience)
    : ports_(ports), endings_(ports.pending, patience) {}

std::vector<ObjectId> Departures::After(const PassReport& report,
                                        const std::vector<ObjectId>& ending) {
  std::vector<model::Ended> waiting;
  if (report.interrupted) {
    waiting = OfEndingNamespaces(ending);
  } else {
    ending_namespaces_.clear();
  }
  Report(endings_.After(report, waiting, ports_.clock.SteadyNow()));
  std::vector<ObjectId> going;
  for (const ObjectId& id : ending) {
    const auto seen = ports_.store.Find(id);
    if (seen && endings_.MayGo(seen->uid)) going.push_back(id);
  }
  if (!going.empty() && report.interrupted) {
    ports_.log.Warning(
        "vault is away: objects of namespaces under deletion go, and what they "
        "gave is revoked later",
        {{"objects", static_cast<int64_t>(going.size())}});
  }
  return going;
}

std::vector<model::Ended> Departures::OfEndingNamespaces(
    const std::vector<ObjectId>& ending) {
  std::vector<model::Ended> waiting;
  std::set<std::string> others;  // asked about just now
  for (const ObjectId& id : ending) {
    const std::string& ns = id.ref.ns;
    if (ns.empty() || others.count(ns) > 0) continue;
    if (!IsEnding(ns)) {
      others.insert(ns);
      continue;
    }
    const auto seen = ports_.store.Find(id);
    if (seen && seen->is_ending) waiting.push_back(EndOf(id, *seen));
  }
  return waiting;
}

bool Departures::IsEnding(const std::string& ns) {
  if (ending_namespaces_.count(ns) > 0) return true;
  const Result<std::string> text =
      ports_.client.Get(kube::kNamespaces, {"", ns});
  if (!text) return false;
  const Result<nlohmann::json> object = ParseJson(*text);
  if (!object) return false;
  const bool ending =
      object->contains("/metadata/deletionTimestamp"_json_pointer);
  if (ending) ending_namespaces_.insert(ns);
  return ending;
}

void Departures::Report(const Status& done) {
  if (done) return complaint_.clear();
  if (done.error().message == complaint_) return;
  complaint_ = done.error().message;
  ports_.log.Warning("pending revocations cannot be kept",
                     {{"error", complaint_}});
}

}  // namespace claviger::op
