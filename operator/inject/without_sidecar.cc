// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/without_sidecar.h"

#include <nlohmann/json.hpp>

#include "base/json_member.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_editor.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;

// Of the webhook, as operator/webhook.yaml and the chart call it.
constexpr std::string_view kWebhook = "pods.claviger.io";
constexpr std::string_view kNamespaceName = "kubernetes.io/metadata.name";

bool HasEnded(const json& pod) {
  const std::string phase = TextAt(MemberAt(pod, "status"), "phase");
  return phase == "Succeeded" || phase == "Failed" ||
         MemberAt(pod, "metadata").contains("deletionTimestamp");
}

void AddExcluded(const json& webhook, std::set<std::string>& names) {
  const json& selector = MemberAt(webhook, "namespaceSelector");
  for (const json& one : MemberAt(selector, "matchExpressions")) {
    if (TextAt(one, "key") != kNamespaceName ||
        TextAt(one, "operator") != "NotIn") {
      continue;
    }
    for (const json& name : MemberAt(one, "values")) {
      if (name.is_string()) names.insert(name.get<std::string>());
    }
  }
}

}  // namespace

std::optional<WithoutSidecar> FindWithoutSidecar(const json& pod) {
  const json& init = MemberAt(MemberAt(pod, "spec"), "initContainers");
  if (FindEntry(init, "name", kSidecar) >= 0 || HasEnded(pod)) {
    return std::nullopt;
  }
  const json& annotations = MemberAt(MemberAt(pod, "metadata"), "annotations");
  return annotations.contains(kStatusAnnotation) ? WithoutSidecar::kTakenOut
                                                 : WithoutSidecar::kNotInjected;
}

WithoutSidecar Judged(WithoutSidecar found, const std::string& ns,
                      const std::set<std::string>& excluded) {
  return excluded.count(ns) > 0 ? WithoutSidecar::kNamespaceExcluded : found;
}

std::set<std::string> ExcludedNamespaces(const json& configuration) {
  std::set<std::string> names;
  for (const json& webhook : MemberAt(configuration, "webhooks")) {
    if (TextAt(webhook, "name") == kWebhook) AddExcluded(webhook, names);
  }
  return names;
}

std::string_view ReasonOf(WithoutSidecar why) {
  switch (why) {
    case WithoutSidecar::kNotInjected:
      return "NotInjected";
    case WithoutSidecar::kTakenOut:
      return "SidecarRemoved";
    case WithoutSidecar::kNamespaceExcluded:
      break;
  }
  return "NamespaceExcluded";
}

std::string_view LabelOf(WithoutSidecar why) {
  switch (why) {
    case WithoutSidecar::kNotInjected:
      return "not_injected";
    case WithoutSidecar::kTakenOut:
      return "sidecar_removed";
    case WithoutSidecar::kNamespaceExcluded:
      break;
  }
  return "namespace_excluded";
}

bool IsMistake(WithoutSidecar why) {
  return why != WithoutSidecar::kNamespaceExcluded;
}

std::string_view AdviceOn(WithoutSidecar why) {
  switch (why) {
    case WithoutSidecar::kNotInjected:
      return "asks for Claviger's sidecar (label claviger.io/inject) and runs "
             "without it: it was made before Claviger's webhook or past it, or "
             "labelled later; delete the pod, what is made in its place has "
             "the sidecar";
    case WithoutSidecar::kTakenOut:
      return "is marked as injected and has no container claviger-sidecar: "
             "it was taken out behind Claviger's webhook; find which other "
             "webhook changes pods here, then delete the pod";
    case WithoutSidecar::kNamespaceExcluded:
      break;
  }
  return "asks for Claviger's sidecar (label claviger.io/inject) in a "
         "namespace that is left out of injection, so it runs without; where "
         "it needs the sidecar, run it in another namespace, else remove the "
         "label";
}

}  // namespace claviger::op::inject
