// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/kv.h"

#include <utility>

#include "vault/kv.h"

namespace claviger::sidecar {
namespace {

class KvEngine final : public Engine {
 public:
  KvEngine(vault::Api& api, bool versioned)
      : api_(api), versioned_(versioned) {}

  Result<Obtained> Read(const model::VaultRef& ref,
                        const Secret& token) override {
    Result<vault::KvSecret> secret =
        versioned_ ? vault::ReadKv2(api_, token, ref.mount, ref.path,
                                    ref.version.value_or(0))
                   : vault::ReadKv1(api_, token, ref.mount, ref.path);
    if (!secret) return Fail(std::move(secret.error()));
    auto fields = FieldsOf(secret->data);
    if (!fields) return Fail(std::move(fields.error()));
    Obtained obtained;
    obtained.credential.fields = std::move(*fields);
    obtained.credential.version = secret->version;
    obtained.credential.request_id = std::move(secret->request_id);
    return obtained;
  }

 private:
  vault::Api& api_;
  const bool versioned_;
};

}  // namespace

std::unique_ptr<Engine> MakeKv1Engine(vault::Api& api) {
  return std::make_unique<KvEngine>(api, false);
}

std::unique_ptr<Engine> MakeKv2Engine(vault::Api& api) {
  return std::make_unique<KvEngine>(api, true);
}

}  // namespace claviger::sidecar
