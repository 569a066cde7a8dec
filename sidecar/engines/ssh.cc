// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/ssh.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "sidecar/engines/ssh_key.h"

namespace claviger::sidecar {
namespace {

class SshEngine final : public Engine {
 public:
  SshEngine(vault::Api& api, const Clock& clock, Random& random)
      : api_(api), clock_(clock), random_(random) {}

  Result<Obtained> Read(const model::VaultRef& ref,
                        const Secret& token) override {
    Result<SshKey> key = MakeSshKey(random_);
    if (!key) return Fail(std::move(key.error()));
    Result<vault::Leased> leased = vault::WriteLeased(
        api_, token, model::ApiPath(ref),
        DumpJson(nlohmann::json{{"public_key", key->public_line}}));
    if (!leased) return Fail(std::move(leased.error()));
    Result<Obtained> obtained = ObtainedFrom(std::move(*leased));
    if (!obtained) return obtained;
    return Completed(std::move(*obtained), std::move(*key));
  }

 private:
  Result<Obtained> Completed(Obtained obtained, SshKey key) const {
    auto& fields = obtained.credential.fields;
    const auto line = fields.find("signed_key");
    if (line == fields.end()) {
      return Fail(ErrorCode::kMalformed, "the answer holds no signed key");
    }
    const Result<SshCertificate> certificate =
        ReadSshCertificate(line->second.Reveal(), key);
    if (!certificate) return Fail(certificate.error());
    fields.insert_or_assign("private_key", std::move(key.private_key));
    if (!certificate->principals.empty()) {
      fields.insert_or_assign(
          "username", Secret(std::string(certificate->principals.front())));
    }
    obtained.lifetime = {};
    obtained.lifetime.kind = life::Lifetime::Kind::kLease;
    obtained.lifetime.of_login = !obtained.lease_id.empty();
    obtained.lifetime.ttl = certificate->valid_before - clock_.Now();
    return obtained;
  }

  vault::Api& api_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace

std::unique_ptr<Engine> MakeSshEngine(vault::Api& api, const Clock& clock,
                                      Random& random) {
  return std::make_unique<SshEngine>(api, clock, random);
}

}  // namespace claviger::sidecar
