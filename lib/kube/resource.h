// SPDX-License-Identifier: Apache-2.0
//
// Which collection of the API server is meant: a small value, and a constant
// for each that Claviger uses. The whole of what the operator may touch is this
// list. Plain values.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

namespace claviger::kube {

struct Resource {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;
  /// Only metadata is asked for and handed out: what is not needed is neither
  /// sent nor held.
  bool metadata_only = false;

  /// "claviger.io/v1alpha1", or "v1" in the core group.
  std::string ApiVersion() const {
    std::string text(group);
    if (!text.empty()) text += '/';
    return text.append(version);
  }
};

inline constexpr Resource kConnections{"claviger.io", "v1alpha1", "connections",
                                       "Connection"};
inline constexpr Resource kGrants{"claviger.io", "v1alpha1", "grants", "Grant"};
inline constexpr Resource kGroups{"claviger.io", "v1alpha1", "groups", "Group",
                                  false};
inline constexpr Resource kServiceAccounts{
    "", "v1", "serviceaccounts", "ServiceAccount", true, true};
inline constexpr Resource kPods{"", "v1", "pods", "Pod"};
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace",
                                      false};
inline constexpr Resource kEvents{"", "v1", "events", "Event"};
inline constexpr Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases",
                                  "Lease"};
inline constexpr Resource kValidatingWebhooks{
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration", false};
inline constexpr Resource kMutatingWebhooks{
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration", false};

inline constexpr std::array kAllResources{kConnections,
                                          kGrants,
                                          kGroups,
                                          kServiceAccounts,
                                          kPods,
                                          kNamespaces,
                                          kEvents,
                                          kConfigMaps,
                                          kLeases,
                                          kValidatingWebhooks,
                                          kMutatingWebhooks};

/// Which object of a collection. `ns` is empty for cluster-scoped ones.
struct ObjectName {
  std::string ns;
  std::string name;
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const ObjectName&) const = default;
};

}  // namespace claviger::kube
