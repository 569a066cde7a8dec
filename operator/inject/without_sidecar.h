// SPDX-License-Identifier: Apache-2.0
//
// Pods that carry our label and have no sidecar all the same: made before the
// webhook or past it, changed by somebody behind it, or in a namespace that is
// left out. What the operator reports and `claviger status` shows. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace claviger::op::inject {

enum class WithoutSidecar { kNotInjected, kTakenOut, kNamespaceExcluded };
inline constexpr WithoutSidecar kAllWithoutSidecar[] = {
    WithoutSidecar::kNotInjected, WithoutSidecar::kTakenOut,
    WithoutSidecar::kNamespaceExcluded};

/// Of a labelled pod: nothing where it has the sidecar, ends, or has ended.
/// Whether its namespace is left out is not its own to say: see Judged.
std::optional<WithoutSidecar> FindWithoutSidecar(const nlohmann::json& pod);

/// The same, where `excluded` are the namespaces that are left out.
WithoutSidecar Judged(WithoutSidecar found, const std::string& ns,
                      const std::set<std::string>& excluded);

/// The namespaces that the MutatingWebhookConfiguration leaves out of
/// injection by name; none where it is something else.
std::set<std::string> ExcludedNamespaces(const nlohmann::json& configuration);

/// "NotInjected", ...: of Events and answers.
std::string_view ReasonOf(WithoutSidecar why);
/// "not_injected", ...: of a metric's label.
std::string_view LabelOf(WithoutSidecar why);
/// Whether that is somebody's mistake: a namespace is left out on purpose.
bool IsMistake(WithoutSidecar why);
/// What it means, and what to do about it.
std::string_view AdviceOn(WithoutSidecar why);

}  // namespace claviger::op::inject
