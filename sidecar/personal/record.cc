// SPDX-License-Identifier: Apache-2.0
#include "sidecar/personal/record.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/stamp.h"
#include "base/digest.h"
#include "base/json.h"
#include "providers/catalogue.h"
#include "sidecar/credentials/render.h"

namespace claviger::sidecar {
namespace {

using nlohmann::json;

constexpr JsonLimits kBodyLimits{size_t{64} << 10U, 2, 100};
constexpr size_t kMaxKeyShown = 64;
// No credential type has keys with a dot.
constexpr const char* kStamp = "claviger.stamp";
constexpr const char* kType = "claviger.type";
constexpr const char* kStoredAt = "claviger.storedAt";
constexpr const char* kSalt = "claviger.salt";
constexpr size_t kSaltBytes = 16;
constexpr size_t kFingerprintDigits = 16;

std::string_view FieldIn(const Credential& record, const char* name) {
  const auto found = record.fields.find(name);
  return found == record.fields.end() ? std::string_view()
                                      : found->second.Reveal();
}

// Whoever mixes up keys and values must not find a secret in a log.
std::string Shown(const std::string& key) {
  const bool plain =
      key.size() <= kMaxKeyShown &&
      std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      });
  return plain && !key.empty() ? "\"" + key + "\"" : "(not a plain name)";
}

std::string KeysOf(const providers::CredentialType& type) {
  std::string keys;
  for (const auto* list : {&type.required, &type.optional}) {
    for (const std::string_view key : *list) {
      if (!keys.empty()) keys += ", ";
      keys += key;
    }
  }
  return keys;
}

// The fields, checked; whatever is in `tree` is wiped.
Result<Credential> FieldsIn(json& tree, const providers::CredentialType& type) {
  Credential credential;
  std::optional<Error> wrong;
  for (auto& [key, value] : tree.items()) {
    if (!type.HasKey(key)) {
      wrong = Error{ErrorCode::kInvalidArgument,
                    "unknown key " + Shown(key) + "; a credential of type " +
                        std::string(type.id) + " has " + KeysOf(type)};
    } else if (!value.is_string() || value.get_ref<std::string&>().empty()) {
      wrong = Error{ErrorCode::kInvalidArgument,
                    "key " + Shown(key) + " is no text, or an empty one"};
    } else {
      credential.fields.emplace(
          key, Secret(std::string(value.get_ref<std::string&>())));
    }
    if (value.is_string()) WipeString(value.get_ref<std::string&>());
  }
  if (wrong) return Fail(std::move(*wrong));
  Status complete = CheckFields(credential, {}, type.id);
  if (!complete) {
    return Fail(ErrorCode::kInvalidArgument, complete.error().message);
  }
  return credential;
}

std::string FingerprintOf(const Credential& record, std::string_view type,
                          std::string_view salt) {
  const Result<Secret> text = RenderFields(record, {}, type);
  if (!text || salt.empty()) return "";
  return HmacSha256Hex(salt, text->Reveal()).substr(0, kFingerprintDigits);
}

}  // namespace

Result<Secret> MakePersonalRecord(std::string_view body,
                                  const access::ConnectionFacts& facts,
                                  Time now, Random& random) {
  const providers::CredentialType* type =
      providers::FindType(facts.credential_type);
  if (type == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "its credential type is unknown");
  }
  Result<json> tree = ParseJson(body, kBodyLimits);
  if (!tree) return Fail(std::move(tree.error()), "credential");
  if (!tree->is_object()) {
    return Fail(ErrorCode::kMalformed, "credential is not an object");
  }
  Result<Credential> credential = FieldsIn(*tree, *type);
  if (!credential) return Fail(std::move(credential.error()));
  json record = {{kStamp, access::EndpointFingerprint(facts)},
                 {kType, type->id},
                 {kStoredAt, FormatRfc3339(now)},
                 {kSalt, Base64UrlEncode(random.Bytes(kSaltBytes))}};
  for (const auto& [key, value] : credential->fields) {
    record[key] = value.Reveal();
  }
  Secret text(DumpJson(record));
  for (auto& value : record) WipeString(value.get_ref<std::string&>());
  return text;
}

bool IsForConnection(const Credential& record,
                     const access::ConnectionFacts& facts) {
  return FieldIn(record, kType) == facts.credential_type &&
         FieldIn(record, kStamp) == access::EndpointFingerprint(facts);
}

PersonalSummary SummaryOf(const Credential& record) {
  PersonalSummary summary;
  summary.type = FieldIn(record, kType);
  summary.stored_at = FieldIn(record, kStoredAt);
  summary.fingerprint =
      FingerprintOf(record, summary.type, FieldIn(record, kSalt));
  return summary;
}

}  // namespace claviger::sidecar
