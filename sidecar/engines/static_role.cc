// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/static_role.h"

#include <algorithm>
#include <utility>

#include "base/time.h"

namespace claviger::sidecar {
namespace {

constexpr int64_t kLongest = int64_t{10} * 365 * 24 * 3'600;

// When it was rotated last, in milliseconds. OpenBao's documentation has
// another name than its code.
int64_t RotationOf(const Credential& credential) {
  for (const char* name : {"last_vault_rotation", "last_openbao_rotation"}) {
    const auto found = credential.fields.find(name);
    if (found == credential.fields.end()) continue;
    const Result<Time> time = ParseRfc3339(found->second.Reveal());
    if (time) return time->time_since_epoch().count();
  }
  return 0;
}

class StaticRoleEngine final : public Engine {
 public:
  explicit StaticRoleEngine(vault::Api& api) : api_(api) {}

  Result<Obtained> Read(const model::VaultRef& ref,
                        const Secret& token) override {
    Result<vault::Leased> leased =
        vault::ReadLeased(api_, token, model::ApiPath(ref), true);
    if (!leased) return Fail(std::move(leased.error()));
    Result<Obtained> obtained = ObtainedFrom(std::move(*leased));
    if (!obtained) return obtained;
    obtained->credential.version = RotationOf(obtained->credential);
    const int64_t ttl = NumberIn(obtained->credential, "ttl", -1);
    // Without a time to be rotated at it is compared like any other secret.
    if (!obtained->credential.fields.contains("ttl")) return obtained;
    obtained->lifetime = {};
    obtained->lifetime.kind = life::Lifetime::Kind::kRotated;
    obtained->lifetime.ttl =
        std::chrono::seconds(std::clamp<int64_t>(ttl, 0, kLongest));
    // These change with each read, and are no part of the credential.
    obtained->credential.fields.erase("ttl");
    return obtained;
  }

 private:
  vault::Api& api_;
};

}  // namespace

std::unique_ptr<Engine> MakeStaticRoleEngine(vault::Api& api) {
  return std::make_unique<StaticRoleEngine>(api);
}

}  // namespace claviger::sidecar
