// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/sidecar_container.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_member.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_editor.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;

json Probe(const char* path, int period, int timeout, int failures) {
  return {
      {"httpGet", {{"path", path}, {"port", kHealthPort}, {"scheme", "HTTP"}}},
      {"periodSeconds", period},
      {"timeoutSeconds", timeout},
      {"successThreshold", 1},
      {"failureThreshold", failures}};
}

json SecurityContext(const Settings& settings) {
  json context = {{"allowPrivilegeEscalation", false},
                  {"capabilities", {{"drop", {"ALL"}}}},
                  {"privileged", false},
                  {"readOnlyRootFilesystem", true},
                  {"runAsNonRoot", true},
                  {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  if (settings.run_as_user != 0) {
    context["runAsUser"] = settings.run_as_user;
    context["runAsGroup"] = settings.run_as_user;
  }
  return context;
}

// What `present` has and `into` does not.
void Complete(const json& present, json& into) {
  if (!present.is_object()) return;
  for (const auto& [key, value] : present.items()) {
    if (!into.contains(key)) into[key] = value;
  }
}

// The guard lets arguments of these names through, and no others.
void AddWishes(const Wishes& wishes, json& args) {
  const bool files = !wishes.files.empty();
  if (files) args.push_back("--files=" + providers::ToString(wishes.files));
  if (!wishes.files_mode.empty() && (files || wishes.tcp)) {
    args.push_back("--files-mode=" + wishes.files_mode);
  }
  if (files && !wishes.files_notify.empty()) {
    args.push_back("--files-notify=" + wishes.files_notify);
  }
  if (!wishes.listeners.empty()) {
    args.push_back("--listen=" + providers::ToString(wishes.listeners));
  }
  if (wishes.tcp) args.push_back("--tcp=" + std::to_string(kTcpPort));
}

}  // namespace

json SidecarContainer(const Settings& settings, const Wishes& wishes,
                      const model::ObjectRef& account) {
  json container = {{"name", kSidecar},
                    {"image", settings.image},
                    {"imagePullPolicy", settings.pull_policy},
                    {"command", {kProgram}},
                    {"restartPolicy", "Always"},
                    {"terminationMessagePath", "/dev/termination-log"},
                    {"terminationMessagePolicy", "FallbackToLogsOnError"}};
  container["args"] = {"--settings=" + settings.sidecar_text,
                       "--identity=" + account.ns + "/" + account.name,
                       "--log-level=" + wishes.log_level};
  AddWishes(wishes, container["args"]);
  container["ports"] = json::array({{{"name", "claviger"},
                                     {"containerPort", kHealthPort},
                                     {"protocol", "TCP"}}});
  container["resources"] = {{"requests", wishes.resources.requests},
                            {"limits", wishes.resources.limits}};
  container["volumeMounts"] = json::array(
      {{{"name", kTokenVolume}, {"mountPath", kTokenPath}, {"readOnly", true}},
       {{"name", kRunVolume}, {"mountPath", kRunPath}}});
  // Applications start once there is something to serve; a Vault that is away
  // keeps a new pod waiting, and a running one untouched.
  container["startupProbe"] = Probe("/readyz", 1, 1, 300);
  container["livenessProbe"] = Probe("/healthz", 10, 2, 6);
  container["securityContext"] = SecurityContext(settings);
  return container;
}

void KeepDefaults(const json& present, json& container) {
  const std::string pull_policy = TextAt(present, "imagePullPolicy");
  if (!pull_policy.empty()) container["imagePullPolicy"] = pull_policy;
  if (const json& resize = MemberAt(present, "resizePolicy");
      !resize.is_null()) {
    container["resizePolicy"] = resize;
  }
  const json& resources = MemberAt(present, "resources");
  Complete(MemberAt(resources, "requests"), container["resources"]["requests"]);
  Complete(MemberAt(resources, "limits"), container["resources"]["limits"]);
  json& context = container["securityContext"];
  const json& their = MemberAt(present, "securityContext");
  for (const char* key : {"runAsUser", "runAsGroup", "seLinuxOptions"}) {
    const json& value = MemberAt(their, key);
    if (!context.contains(key) && !value.is_null()) context[key] = value;
  }
}

namespace {

json TokenSource(const std::string& audience, const char* path) {
  return {{"serviceAccountToken",
           {{"audience", audience},
            {"expirationSeconds", kTokenSeconds},
            {"path", path}}}};
}

}  // namespace

json TokenVolume(const Settings& settings) {
  json sources = json::array({TokenSource(settings.audience, "token")});
  if (!settings.push_audience.empty()) {
    sources.push_back(TokenSource(settings.push_audience, "push-token"));
  }
  return {
      {"name", kTokenVolume},
      {"projected", {{"defaultMode", 0644}, {"sources", std::move(sources)}}}};
}

json RunVolume() {
  return {{"name", kRunVolume},
          {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "8Mi"}}}};
}

json RunMount() {
  return {{"name", kRunVolume}, {"mountPath", kRunPath}, {"readOnly", true}};
}

}  // namespace claviger::op::inject
