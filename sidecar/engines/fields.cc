// SPDX-License-Identifier: Apache-2.0
//
// What the engines share: from an answer's JSON to named secrets.
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {
namespace {

constexpr JsonLimits kSecretLimits{size_t{1} << 20U, 8, 1'000};

// Null for what is not text at all.
std::optional<std::string> TextOf(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return DumpJson(value);
  return std::nullopt;
}

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

Result<std::map<std::string, Secret>> FieldsOf(const Secret& json) {
  Result<nlohmann::json> tree = ParseJson(json.Reveal(), kSecretLimits);
  if (!tree) return Fail(std::move(tree.error()), "secret");
  if (!tree->is_object()) {
    return Fail(ErrorCode::kMalformed, "secret is not an object");
  }
  std::map<std::string, Secret> fields;
  for (auto& [name, value] : tree->items()) {
    // Fields that nobody asks for may hold anything.
    if (std::optional<std::string> text = TextOf(value)) {
      fields.emplace(name, Secret(std::move(*text)));
    }
    if (value.is_string()) WipeString(value.get_ref<std::string&>());
  }
  return fields;
}

Result<Obtained> ObtainedFrom(vault::Leased leased) {
  Result<std::map<std::string, Secret>> fields = FieldsOf(leased.data);
  if (!fields) return Fail(std::move(fields.error()));
  Obtained obtained;
  obtained.credential.fields = std::move(*fields);
  obtained.credential.request_id = std::move(leased.request_id);
  obtained.lifetime.ttl = leased.ttl;
  if (!leased.lease_id.empty()) {
    obtained.lifetime.kind = life::Lifetime::Kind::kLease;
    obtained.lifetime.renewable = leased.renewable;
    obtained.lifetime.of_login = true;
    obtained.lease_id = std::move(leased.lease_id);
  }
  return obtained;
}

void AlsoAs(Credential& credential, std::string_view theirs,
            std::string_view ours) {
  const auto found = credential.fields.find(std::string(theirs));
  if (found == credential.fields.end()) return;
  credential.fields.emplace(std::string(ours), found->second.Clone());
}

int64_t NumberIn(const Credential& credential, std::string_view field,
                 int64_t otherwise) {
  const auto found = credential.fields.find(std::string(field));
  if (found == credential.fields.end()) return otherwise;
  const std::string_view text = found->second.Reveal();
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? number : otherwise;
}

}  // namespace claviger::sidecar
