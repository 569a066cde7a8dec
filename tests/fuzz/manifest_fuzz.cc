// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a manifest, as YAML and as JSON: nothing may crash, hang or
// grow, and what comes out must keep its promises.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/names.h"
#include "model/lint.h"
#include "model/manifests.h"
#include "providers/compatibility.h"

namespace claviger {
namespace {

// Aborts, which is how a fuzzer is told of a broken promise.
void Require(bool promise) {
  if (!promise) std::abort();
}

bool IsPrintable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

void CheckRef(const model::VaultRef& ref) {
  Require(IsVaultPath(ref.mount));
  Require(UsesPath(ref.engine) ? IsVaultPath(ref.path)
                               : IsVaultSegment(ref.role));
  for (const auto& [ours, theirs] : ref.keys) {
    Require(IsVaultSegment(ours) && IsVaultSegment(theirs));
  }
}

void CheckMetadata(const model::Metadata& metadata) {
  Require(IsDnsSubdomain(metadata.name));
  Require(!metadata.uid.empty() && metadata.uid.size() <= 64);
}

// What was not refused has names that are safe in a Vault path.
void CheckSound(const model::Objects& objects) {
  for (const model::Connection& connection : objects.connections) {
    if (connection.refused) continue;
    CheckMetadata(connection.metadata);
    Require(IsDnsLabel(connection.metadata.ns));
    if (connection.credentials.default_slot) {
      CheckRef(connection.credentials.default_slot->vault);
    }
  }
  for (const model::Grant& grant : objects.grants) {
    if (grant.refused) continue;
    CheckMetadata(grant.metadata);
    Require(IsDnsSubdomain(grant.connection) && !grant.subjects.empty());
    if (grant.credential) CheckRef(grant.credential->vault);
    Require(grant.effect == model::Effect::kAllow || !grant.credential);
  }
  for (const model::Group& group : objects.groups) {
    if (!group.refused) CheckMetadata(group.metadata);
  }
}

void Check(std::string_view text, bool is_json) {
  model::Objects objects = model::DecodeManifests(text, "m", is_json);
  model::FindWarnings(objects);
  providers::CheckProviders(objects);
  bool unreadable = false;
  for (const model::Problem& problem : objects.problems) {
    Require(IsPrintable(ToString(problem)) && IsPrintable(problem.object));
    Require(!problem.what.empty() && !problem.fix.empty());
    unreadable |= problem.severity == model::Problem::Severity::kUnreadable;
  }
  Require(objects.complete == !unreadable);
  CheckSound(objects);
}

}  // namespace
}  // namespace claviger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  claviger::Check(text, false);
  claviger::Check(text, true);
  return 0;
}
