// SPDX-License-Identifier: Apache-2.0
#include "sidecar/credentials/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "providers/catalogue.h"

namespace claviger::sidecar {
namespace {

// The company's name of our key.
std::string FieldOf(const model::VaultRef& ref, std::string_view key) {
  const auto renamed = ref.keys.find(std::string(key));
  return renamed == ref.keys.end() ? std::string(key) : renamed->second;
}

const Secret* Find(const Credential& credential, const model::VaultRef& ref,
                   std::string_view key) {
  const auto field = credential.fields.find(FieldOf(ref, key));
  return field == credential.fields.end() ? nullptr : &field->second;
}

}  // namespace

Status CheckFields(const Credential& credential, const model::VaultRef& ref,
                   std::string_view type) {
  const providers::CredentialType* known = providers::FindType(type);
  if (known == nullptr) {
    return Fail(ErrorCode::kNotFound, "its credential type is unknown");
  }
  for (const std::string_view key : known->required) {
    if (Find(credential, ref, key) != nullptr) continue;
    return Fail(ErrorCode::kNotFound, "it has no field " + FieldOf(ref, key) +
                                          " for " + std::string(key));
  }
  const auto& one_of = known->one_of;
  const bool one = one_of.empty() ||
                   std::any_of(one_of.begin(), one_of.end(), [&](auto key) {
                     return Find(credential, ref, key) != nullptr;
                   });
  if (one) return {};
  return Fail(ErrorCode::kNotFound, "it has no field " +
                                        FieldOf(ref, one_of.front()) +
                                        ", nor another that would do");
}

Result<std::map<std::string, Secret>> PickFields(const Credential& credential,
                                                 const model::VaultRef& ref,
                                                 std::string_view type) {
  Status complete = CheckFields(credential, ref, type);
  if (!complete) return Fail(std::move(complete.error()));
  const providers::CredentialType& known = *providers::FindType(type);
  std::map<std::string, Secret> fields;
  for (const auto* keys : {&known.required, &known.optional}) {
    for (const std::string_view key : *keys) {
      const Secret* field = Find(credential, ref, key);
      if (field != nullptr) fields.emplace(key, field->Clone());
    }
  }
  return fields;
}

Result<Secret> RenderFields(const Credential& credential,
                            const model::VaultRef& ref, std::string_view type) {
  const auto fields = PickFields(credential, ref, type);
  if (!fields) return Fail(fields.error());
  nlohmann::json data = nlohmann::json::object();
  for (const auto& [name, field] : *fields) data[name] = field.Reveal();
  Secret text(DumpJson(data));
  for (auto& value : data) WipeString(value.get_ref<std::string&>());
  return text;
}

}  // namespace claviger::sidecar
