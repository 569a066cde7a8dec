// SPDX-License-Identifier: Apache-2.0
#include "dev/policies.h"

#include <algorithm>
#include <utility>

namespace claviger::dev {
namespace {

constexpr std::string_view kRootText;
// What a token may do for and about itself.
constexpr std::string_view kDefaultText = R"({"path":{
"auth/token/lookup-self":{"capabilities":["read"]},
"auth/token/renew-self":{"capabilities":["update"]},
"auth/token/revoke-self":{"capabilities":["update"]},
"sys/capabilities-self":{"capabilities":["update"]},
"sys/leases/renew":{"capabilities":["update"]},
"sys/leases/lookup":{"capabilities":["update"]}
}})";

}  // namespace

std::string FoldName(std::string_view name) {
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return folded;
}

bool IsRoleName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
  });
}

PolicyStore::PolicyStore(StoreBudget& budget) : budget_(budget) {
  entries_["default"] = {std::string(kDefaultText),
                         *Policy::Parse(kDefaultText)};
  entries_["root"] = {std::string(kRootText), nullptr};
}

Status PolicyStore::Write(std::string_view name, std::string_view text) {
  const std::string folded = FoldName(name);
  if (folded == "root") {
    return Fail(ErrorCode::kInvalidArgument, "cannot update \"root\" policy");
  }
  if (text.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "'policy' parameter not supplied or empty");
  }
  auto policy = Policy::Parse(text);
  if (!policy) return Fail(policy.error());
  const auto old = entries_.find(folded);
  if (!budget_.Take(folded.size() + text.size())) {
    return Fail(ErrorCode::kTooLarge, "storage is full");
  }
  if (old != entries_.end()) {
    budget_.Return(folded.size() + old->second.text.size());
  }
  entries_[folded] = {std::string(text), *std::move(policy)};
  return {};
}

Status PolicyStore::Remove(std::string_view name) {
  const std::string folded = FoldName(name);
  if (folded == "root" || folded == "default") {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot delete \"" + folded + "\" policy");
  }
  const auto found = entries_.find(folded);
  if (found == entries_.end()) return {};
  budget_.Return(folded.size() + found->second.text.size());
  entries_.erase(found);
  return {};
}

const std::string* PolicyStore::Text(std::string_view name) const {
  const auto found = entries_.find(FoldName(name));
  return found == entries_.end() ? nullptr : &found->second.text;
}

std::vector<std::string> PolicyStore::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (name != "root") names.push_back(name);
  }
  names.emplace_back("root");
  return names;
}

Acl PolicyStore::AclOf(const std::vector<std::string>& names) const {
  std::vector<std::shared_ptr<const Policy>> policies;
  bool root = false;
  for (const std::string& name : names) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) continue;
    if (found->second.policy) {
      policies.push_back(found->second.policy);
    } else {
      root = true;
    }
  }
  return Acl(std::move(policies), root);
}

}  // namespace claviger::dev
