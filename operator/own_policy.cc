// SPDX-License-Identifier: Apache-2.0
#include "operator/own_policy.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "access/principal.h"
#include "base/json.h"

namespace claviger::op {
namespace {

using nlohmann::json;

void Open(json& paths, const std::string& path,
          const std::vector<std::string>& capabilities) {
  paths[path] = {{"capabilities", capabilities}};
}

}  // namespace

std::string OwnPolicyText(const access::VaultLayout& layout) {
  const std::vector<std::string> whole = {"create", "read", "update", "delete"};
  // A cluster's name holds no dot, so this prefix is this cluster's alone.
  const std::string rights = "claviger." + layout.cluster + ".*";
  json paths = json::object();
  std::vector<std::string> kinds = {"sys/policies/acl",
                                    "auth/" + layout.auth_mount + "/role"};
  if (!layout.user_auth_mount.empty()) {
    kinds.push_back("auth/" + layout.user_auth_mount + "/role");
  }
  for (const std::string& kind : kinds) {
    Open(paths, kind + "/" + rights, whole);
    // Names only: before many are written, to know which exist.
    Open(paths, kind, {"list"});
  }
  // What callers store is not the operator's to read: it removes, by name, what
  // is left of those who are gone.
  const std::string personal =
      layout.mount + "/metadata/" + access::PersonalRoot(layout.cluster);
  Open(paths, personal, {"list"});
  Open(paths, personal + "/*", {"list", "delete"});
  for (const char* folder : {"bindings", "ledger"}) {
    const std::string below = layout.cluster + "/" + folder;
    Open(paths, layout.mount + "/data/" + below + "/*",
         {"create", "read", "update"});
    Open(paths, layout.mount + "/metadata/" + below, {"list"});
    Open(paths, layout.mount + "/metadata/" + below + "/*", {"list", "delete"});
  }
  Open(paths, "auth/token/lookup-self", {"read"});
  Open(paths, "auth/token/renew-self", {"update"});
  Open(paths, "auth/token/revoke-self", {"update"});
  // The predecessor's token, whose accessor the ledger holds.
  Open(paths, "auth/token/revoke-accessor", {"update"});
  return DumpJson(json{{"path", std::move(paths)}});
}

}  // namespace claviger::op
