// SPDX-License-Identifier: Apache-2.0
#include "cli/status_pods.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"
#include "operator/inject/names.h"

namespace claviger::cli {
namespace {

using op::inject::WithoutSidecar;

constexpr const char* kLabelled = "claviger.io/inject=true";
constexpr const char* kConfiguration = "claviger";

std::set<std::string> Excluded(const kube::Client& client,
                               const std::string& operator_ns) {
  std::set<std::string> excluded = {"kube-system", operator_ns};
  const auto text = client.Get(kube::kMutatingWebhooks, {"", kConfiguration});
  if (!text) return excluded;
  const auto read = ParseJson(*text);
  if (read) excluded.merge(op::inject::ExcludedNamespaces(*read));
  return excluded;
}

// As the injector wrote it, and the guard lets nothing else through.
void CountListeners(const nlohmann::json& pod, LabelledPods& pods) {
  constexpr std::string_view kFlag = "--listen=";
  const auto& containers = MemberAt(MemberAt(pod, "spec"), "initContainers");
  for (const auto& container : containers) {
    if (TextAt(container, "name") != op::inject::kSidecar) continue;
    for (const auto& argument : MemberAt(container, "args")) {
      if (!argument.is_string()) continue;
      const auto& text = argument.get_ref<const std::string&>();
      if (!text.starts_with(kFlag)) continue;
      auto wishes = providers::ParseListenWishes(
          std::string_view(text).substr(kFlag.size()));
      if (!wishes) continue;
      for (providers::ListenWish& wish : *wishes) {
        wish.port.reset();
        ++pods.listeners[std::move(wish)];
      }
    }
  }
}

void Take(const kube::ObjectView& view, LabelledPods& pods) {
  ++pods.asked;
  const auto pod = ParseJson(view.json);
  if (!pod) return;
  const auto found = op::inject::FindWithoutSidecar(*pod);
  if (found) pods.without.push_back({view.name, *found});
  CountListeners(*pod, pods);
}

}  // namespace

Result<LabelledPods> ReadLabelledPods(const kube::Client& client,
                                      const std::string& ns,
                                      const std::string& operator_ns) {
  LabelledPods pods;
  const auto listed =
      client.List(kube::kPods, {ns, kLabelled},
                  {[&] { pods = {}; },
                   [&](const kube::ObjectView& view) { Take(view, pods); }});
  if (!listed && listed.error().code == ErrorCode::kPermissionDenied) {
    return LabelledPods();
  }
  if (!listed) return Fail(listed.error());
  pods.known = true;
  if (pods.without.empty()) return pods;
  const std::set<std::string> excluded = Excluded(client, operator_ns);
  for (PodLine& line : pods.without) {
    line.why = Judged(line.why, line.name.ns, excluded);
  }
  return pods;
}

}  // namespace claviger::cli
