// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "sidecar/credentials/engine_reader.h"
#include "vault/kv.h"

namespace claviger::sidecar {
namespace {

constexpr JsonLimits kSecretLimits{size_t{1} << 20U, 8, 1'000};

// The text of one field; numbers and booleans as they are written. Null for
// what is not text at all.
std::optional<std::string> TextOf(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return DumpJson(value);
  return std::nullopt;
}

Result<Credential> Parse(const vault::KvSecret& secret) {
  Result<nlohmann::json> tree = ParseJson(secret.data.Reveal(), kSecretLimits);
  if (!tree) return Fail(std::move(tree.error()), "secret");
  if (!tree->is_object()) {
    return Fail(ErrorCode::kMalformed, "secret is not an object");
  }
  Credential credential;
  credential.version = secret.version;
  for (auto& [name, value] : tree->items()) {
    // Fields that nobody asks for may hold anything.
    if (std::optional<std::string> text = TextOf(value)) {
      credential.fields.emplace(name, Secret(std::move(*text)));
    }
    if (value.is_string()) WipeString(value.get_ref<std::string&>());
  }
  return credential;
}

class KvReader final : public EngineReader {
 public:
  explicit KvReader(vault::Api& api) : api_(api) {}

  Result<Credential> Read(const model::VaultRef& ref,
                          const Secret& token) override {
    Result<vault::KvSecret> secret =
        ref.engine == model::Engine::kKv1
            ? vault::ReadKv1(api_, token, ref.mount, ref.path)
            : vault::ReadKv2(api_, token, ref.mount, ref.path,
                             ref.version.value_or(0));
    if (!secret) return Fail(std::move(secret.error()));
    return Parse(*secret);
  }

 private:
  vault::Api& api_;
};

}  // namespace

bool SameFields(const Credential& a, const Credential& b) {
  if (a.fields.size() != b.fields.size()) return false;
  auto other = b.fields.begin();
  for (const auto& [name, value] : a.fields) {
    if (name != other->first || !value.Equals(other->second.Reveal())) {
      return false;
    }
    ++other;
  }
  return true;
}

std::unique_ptr<EngineReader> MakeKvReader(vault::Api& api) {
  return std::make_unique<KvReader>(api);
}

EngineReaders::EngineReaders(vault::Api& api) {
  readers_.emplace(model::Engine::kKv1, MakeKvReader(api));
  readers_.emplace(model::Engine::kKv2, MakeKvReader(api));
}

EngineReader* EngineReaders::Find(model::Engine engine) const {
  const auto reader = readers_.find(engine);
  return reader == readers_.end() ? nullptr : reader->second.get();
}

}  // namespace claviger::sidecar
