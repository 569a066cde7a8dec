// SPDX-License-Identifier: Apache-2.0
#include "cli/status_report.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"
#include "model/json_reader.h"
#include "operator/kube/object_status.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

std::string About(const kube::Resource& resource, const json& object) {
  if (resource.kind == "Connection") {
    return TextAtPath(object, "/spec/provider") + ", " +
           TextAtPath(object, "/spec/sharing/mode");
  }
  if (resource.kind == "Grant") {
    return TextAtPath(object, "/spec/effect") + " on " +
           TextAtPath(object, "/spec/connection");
  }
  const std::string claim = TextAtPath(object, "/spec/claim/value");
  return claim.empty() ? "" : "by claim " + claim;
}

/// The first condition that says why not, else Ready (a Group may have
/// Accepted alone).
const op::Condition* Telling(const op::ObjectStatus& status) {
  for (const char* type : {"Accepted", "Programmed", "Ready"}) {
    const op::Condition* found = status.Find(type);
    if (found != nullptr && !found->holds) return found;
  }
  const op::Condition* ready = status.Find("Ready");
  return ready != nullptr ? ready : status.Find("Accepted");
}

ObjectLine LineOf(const kube::Resource& resource,
                  const kube::ObjectView& view) {
  ObjectLine line;
  line.kind = resource.kind;
  line.name = view.name;
  const auto object = ParseJson(view.json);
  if (!object) return line;
  line.about = About(resource, *object);
  const json::json_pointer generation("/metadata/generation");
  if (object->contains(generation)) {
    line.generation = (*object)[generation].get<int64_t>();
  }
  const auto root = model::ReadApiJson(view.json, {});
  if (!root) return line;
  const op::ObjectStatus status = op::ReadStatus(*root);
  const op::Condition* telling = Telling(status);
  if (telling == nullptr || status.observed_generation < line.generation) {
    line.reason = "Pending";
    line.message = "the operator has not looked at it yet";
    return line;
  }
  line.ready = telling->holds;
  if (!telling->holds) {
    line.reason = telling->reason;
    line.message = telling->message;
  }
  return line;
}

}  // namespace

Result<StatusReport> ReadStatusReport(const kube::Client& client,
                                      const std::string& ns,
                                      const kube::ObjectName& lease) {
  StatusReport report;
  for (const kube::Resource& resource :
       {kube::kConnections, kube::kGrants, kube::kGroups}) {
    const size_t before = report.objects.size();
    kube::Selection selection;
    if (resource.namespaced) selection.ns = ns;
    const auto read =
        client.List(resource, selection,
                    {[&] { report.objects.resize(before); },
                     [&](const kube::ObjectView& view) {
                       report.objects.push_back(LineOf(resource, view));
                     }});
    if (!read) return Fail(read.error());
  }
  auto pods = ReadLabelledPods(client, ns, lease.ns);
  if (!pods) return Fail(pods.error());
  report.pods = *std::move(pods);
  auto leader = kube::GetLease(client, lease);
  if (leader) {
    report.held_back = op::DecodeHeldBack(leader->notes[op::kHeldBackNote]);
    report.lease = std::move(*leader);
  } else if (leader.error().code != ErrorCode::kNotFound) {
    return Fail(leader.error());
  }
  return report;
}

}  // namespace claviger::cli
