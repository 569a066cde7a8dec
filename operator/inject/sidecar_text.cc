// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/sidecar_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "operator/inject/names.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;

constexpr size_t kMaxTextBytes = size_t{32} << 10U;

// Of JSON already: line ends are "\n" in it. A "$" would be expanded by the
// kubelet, a quote ends the guard's literal, and Helm writes <, > and & anew.
bool IsPlain(const std::string& text) {
  static constexpr std::string_view kSpecial = "$'<>&`";
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && kSpecial.find(c) == std::string_view::npos;
  });
}

void Put(json& into, const char* key, const std::string& value) {
  if (!value.empty()) into[key] = value;
}

}  // namespace

Result<std::string> SidecarText(const SidecarFacts& facts) {
  if (!facts.vault_address.starts_with("https://")) {
    return Fail(ErrorCode::kInvalidArgument,
                "injection needs vault.address to begin with https://: the "
                "containers of a pod share its network and could read a login "
                "without TLS");
  }
  json vault = {{"address", facts.vault_address},
                {"auth", {{"kind", facts.auth_kind}}}};
  Put(vault, "ca", facts.vault_ca);
  Put(vault, "namespace", facts.vault_namespace);
  Put(vault, "mount", facts.mount);
  Put(vault["auth"], "mount", facts.auth_mount);
  if (!facts.user_auth_mount.empty()) {
    vault["userAuth"]["mount"] = facts.user_auth_mount;
    Put(vault["userAuth"], "userClaim", facts.user_claim);
  }
  // Whoever has the volume may call: that is what claviger.io/containers says.
  json settings = {{"cluster", facts.cluster},
                   {"socket", {{"mode", "0666"}}},
                   {"vault", std::move(vault)}};
  if (facts.push) settings["push"]["tokenFile"] = kPushTokenFile;
  std::string text = DumpJson(settings);
  if (text.size() > kMaxTextBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "injection cannot put more than 32 KiB of settings into a "
                "pod; give vault.caFile only the authorities of Vault");
  }
  if (!IsPlain(text)) {
    return Fail(ErrorCode::kInvalidArgument,
                "injection needs settings in printable ASCII without $ ' ` < > "
                "&; look at vault.caFile and the names below vault");
  }
  return text;
}

}  // namespace claviger::op::inject
