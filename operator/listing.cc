// SPDX-License-Identifier: Apache-2.0
#include "operator/listing.h"

#include <set>
#include <utility>
#include <vector>

#include "operator/vault_names.h"

namespace claviger::op {
namespace {

// Adds `before` and the principals' ids of the names that are this cluster's.
void Add(const std::vector<std::string>& names, const std::string& rights,
         const std::string& before, std::unordered_set<std::string>& ids) {
  for (const std::string& name : names) {
    if (name.rfind(rights, 0) == 0) {
      ids.insert(before + name.substr(rights.size()));
    }
  }
}

}  // namespace

Result<Listing> Listing::Read(Store& store, const access::VaultLayout& layout) {
  Listing listing;
  const std::string rights = VaultNames(layout.cluster, "").rights;
  const auto policies = store.ListPolicies();
  if (!policies) return Fail(policies.error());
  Add(*policies, rights, "", listing.policies_);
  for (const std::string& mount :
       std::set<std::string>{layout.auth_mount, layout.user_auth_mount}) {
    if (mount.empty()) continue;
    const auto roles = store.ListRoles(mount);
    if (!roles) return Fail(roles.error());
    Add(*roles, rights, mount + "/", listing.roles_);
  }
  const auto entries = store.ListEntries(BindingsFolder(layout.cluster));
  if (!entries) return Fail(entries.error());
  for (const std::string& name : *entries) {
    // Further parts are in a folder of that name.
    listing.entries_.insert(name.substr(0, name.find('/')));
  }
  return listing;
}

std::string Listing::RoleKey(const Desired& desired) const {
  return desired.role->mount + "/" + desired.id;
}

bool Listing::HasNothing(const Desired& desired) const {
  const bool has_role = desired.role && roles_.count(RoleKey(desired)) > 0;
  return !has_role && policies_.count(desired.id) == 0 &&
         entries_.count(desired.id) == 0;
}

bool Listing::HasRights(const Desired& desired) const {
  const bool has_role = !desired.role || roles_.count(RoleKey(desired)) > 0;
  return has_role && desired.policy && policies_.count(desired.id) > 0;
}

}  // namespace claviger::op
