// SPDX-License-Identifier: Apache-2.0
#include "access/principal.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"

namespace claviger::access {

Principal Principal::ServiceAccount(std::string ns, std::string name) {
  return {Kind::kServiceAccount, std::move(ns), std::move(name)};
}
Principal Principal::User(std::string name) {
  return {Kind::kUser, "", std::move(name)};
}
Principal Principal::ClaimGroup(std::string group) {
  return {Kind::kClaimGroup, "", std::move(group)};
}
Principal Principal::EveryoneServiceAccount() {
  return {Kind::kEveryoneServiceAccount, "", ""};
}
Principal Principal::EveryoneUser() { return {Kind::kEveryoneUser, "", ""}; }

std::string IdOf(const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::kEveryoneServiceAccount:
      return "everyone.sa";
    case Principal::Kind::kEveryoneUser:
      return "everyone.user";
    case Principal::Kind::kServiceAccount:
      // A namespace has no dot, so the split at the first dot is unique.
      return "sa." + principal.ns + "." + principal.name;
    case Principal::Kind::kUser:
      // User names hold characters that Vault's names may not.
      return "user." + Sha256Hex(principal.name).substr(0, 32);
    case Principal::Kind::kClaimGroup:
      return "claim." + principal.name;
  }
  return "";
}

std::string VaultNameOf(std::string_view cluster, const Principal& principal) {
  return "claviger." + std::string(cluster) + "." + IdOf(principal);
}

std::string BindingsPathOf(std::string_view cluster, const Principal& principal,
                           int part) {
  std::string path = std::string(cluster) + "/bindings/" + IdOf(principal);
  if (part > 0) path += "/" + std::to_string(part);
  return path;
}

std::string PersonalRoot(std::string_view cluster) {
  return std::string(cluster) + "/personal";
}

bool IsPlainUid(std::string_view uid) {
  constexpr size_t kMaxUid = 64;
  return !uid.empty() && uid.size() <= kMaxUid &&
         std::all_of(uid.begin(), uid.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z') || c == '-';
         });
}

std::optional<std::string> PersonalPathOf(std::string_view cluster,
                                          const Principal& principal,
                                          std::string_view account_uid,
                                          std::string_view connection_uid) {
  if (principal.kind != Principal::Kind::kServiceAccount ||
      !IsPlainUid(account_uid) || !IsPlainUid(connection_uid)) {
    return std::nullopt;
  }
  return PersonalRoot(cluster) + "/" + IdOf(principal) + "/" +
         std::string(account_uid) + "/" + std::string(connection_uid);
}

}  // namespace claviger::access
