// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/leased.h"

namespace claviger::sidecar {
namespace {

class LeasedEngine final : public Engine {
 public:
  LeasedEngine(vault::Api& api, Renames renames)
      : api_(api), renames_(std::move(renames)) {}

  Result<Obtained> Read(const model::VaultRef& ref,
                        const Secret& token) override {
    // Each read makes something new, so it is never sent twice.
    Result<vault::Leased> leased =
        vault::ReadLeased(api_, token, model::ApiPath(ref), false);
    if (!leased) return Fail(std::move(leased.error()));
    Result<Obtained> obtained = ObtainedFrom(std::move(*leased));
    if (!obtained) return obtained;
    for (const auto& [theirs, ours] : renames_) {
      AlsoAs(obtained->credential, theirs, ours);
    }
    return obtained;
  }

 private:
  vault::Api& api_;
  const Renames renames_;
};

}  // namespace

std::unique_ptr<Engine> MakeLeasedEngine(vault::Api& api, Renames renames) {
  return std::make_unique<LeasedEngine>(api, std::move(renames));
}

}  // namespace claviger::sidecar
