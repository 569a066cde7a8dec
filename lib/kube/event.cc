// SPDX-License-Identifier: Apache-2.0
#include "kube/event.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::kube {
namespace {

constexpr size_t kMaxMessage = 1024;
constexpr std::string_view kManager = "claviger-operator";

// Not in the middle of a character.
std::string Cut(std::string text) {
  if (text.size() <= kMaxMessage) return text;
  size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  text.resize(end);
  return text;
}

}  // namespace

Status WriteEvent(const Client& client, const EventRecord& record, Time now) {
  const std::string ns =
      record.object.ns.empty() ? "default" : record.object.ns;
  nlohmann::json about{{"apiVersion", record.resource.ApiVersion()},
                       {"kind", record.resource.kind},
                       {"name", record.object.name},
                       {"uid", record.uid},
                       {"resourceVersion", record.resource_version}};
  if (!record.object.ns.empty()) about["namespace"] = record.object.ns;
  nlohmann::json metadata{{"namespace", ns}};
  if (record.name.empty()) {
    metadata["generateName"] = record.object.name + ".";
  } else {
    metadata["name"] = record.name;
  }
  const std::string time = FormatRfc3339(now);
  const nlohmann::json event{{"apiVersion", "v1"},
                             {"kind", "Event"},
                             {"metadata", metadata},
                             {"involvedObject", about},
                             {"type", record.warning ? "Warning" : "Normal"},
                             {"reason", record.reason},
                             {"action", record.action},
                             {"message", Cut(record.message)},
                             {"source", {{"component", kManager}}},
                             {"reportingComponent", kManager},
                             {"reportingInstance", record.reporting_instance},
                             {"firstTimestamp", time},
                             {"lastTimestamp", time},
                             {"count", 1}};
  auto written = client.Create(kEvents, ns, DumpJson(event));
  return written ? Status{} : Fail(std::move(written).error());
}

}  // namespace claviger::kube
