// SPDX-License-Identifier: Apache-2.0
#include "operator/vault_names.h"

#include <algorithm>
#include <utility>

#include "base/names.h"

namespace claviger::op {
namespace {

using access::Principal;

constexpr std::string_view kAccount = "sa.";
constexpr std::string_view kUser = "user.";
constexpr std::string_view kClaim = "claim.";

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool IsUserDigest(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

VaultNames::VaultNames(std::string_view cluster, std::string principal_id)
    : id(std::move(principal_id)),
      rights("claviger." + std::string(cluster) + "." + id),
      entry(BindingsFolder(cluster) + "/" + id) {}

std::string VaultNames::Part(int part) const {
  return part == 0 ? entry : entry + "/" + std::to_string(part);
}

std::optional<Principal> PrincipalOf(std::string_view id) {
  if (id == "everyone.sa") return Principal::EveryoneServiceAccount();
  if (id == "everyone.user") return Principal::EveryoneUser();
  if (StartsWith(id, kClaim)) {
    const std::string_view group = id.substr(kClaim.size());
    if (!IsDnsSubdomain(group)) return std::nullopt;
    return Principal::ClaimGroup(std::string(group));
  }
  if (!StartsWith(id, kAccount)) return std::nullopt;
  const std::string_view rest = id.substr(kAccount.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view ns = rest.substr(0, dot);
  const std::string_view name = rest.substr(dot + 1);
  if (!IsDnsLabel(ns) || !IsDnsSubdomain(name)) return std::nullopt;
  return Principal::ServiceAccount(std::string(ns), std::string(name));
}

bool IsPrincipalId(std::string_view id) {
  if (StartsWith(id, kUser)) return IsUserDigest(id.substr(kUser.size()));
  return PrincipalOf(id).has_value();
}

std::string BindingsFolder(std::string_view cluster) {
  return std::string(cluster) + "/bindings";
}

std::string InventoryFolder(std::string_view cluster) {
  return std::string(cluster) + "/ledger/objects";
}

}  // namespace claviger::op
