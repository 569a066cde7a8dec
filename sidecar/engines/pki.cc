// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/pki.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::sidecar {
namespace {

class PkiEngine final : public Engine {
 public:
  PkiEngine(vault::Api& api, const Clock& clock,
            const model::ObjectRef& identity)
      : api_(api),
        clock_(clock),
        body_(DumpJson(nlohmann::json{
            {"common_name", identity.name + "." + identity.ns}})) {}

  Result<Obtained> Read(const model::VaultRef& ref,
                        const Secret& token) override {
    Result<vault::Leased> leased =
        vault::WriteLeased(api_, token, model::ApiPath(ref), body_);
    if (!leased) return Fail(std::move(leased.error()));
    Result<Obtained> obtained = ObtainedFrom(std::move(*leased));
    if (!obtained) return obtained;
    AlsoAs(obtained->credential, "issuing_ca", "ca");
    return Bounded(std::move(*obtained));
  }

 private:
  // By the certificate's own end, whether the role leases them or not. A lease
  // is kept all the same: ending it revokes the certificate.
  Result<Obtained> Bounded(Obtained obtained) const {
    const int64_t ends = NumberIn(obtained.credential, "expiration", 0);
    if (ends <= 0 || ends > kYear9999) {
      return Fail(ErrorCode::kMalformed, "the certificate has no expiration");
    }
    obtained.lifetime = {};
    obtained.lifetime.kind = life::Lifetime::Kind::kLease;
    obtained.lifetime.of_login = !obtained.lease_id.empty();
    obtained.lifetime.ttl = Time(std::chrono::seconds(ends)) - clock_.Now();
    return obtained;
  }

  static constexpr int64_t kYear9999 = 253'402'300'799;

  vault::Api& api_;
  const Clock& clock_;
  const std::string body_;
};

}  // namespace

std::unique_ptr<Engine> MakePkiEngine(vault::Api& api, const Clock& clock,
                                      const model::ObjectRef& identity) {
  return std::make_unique<PkiEngine>(api, clock, identity);
}

}  // namespace claviger::sidecar
