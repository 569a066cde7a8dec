// SPDX-License-Identifier: Apache-2.0
#include "dev/mounts.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr size_t kMaxMounts = 256;
constexpr size_t kAccessorDigits = 8;

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

Status MountTable::Add(const std::string& path, Mount mount) {
  if (mounts_.size() >= kMaxMounts) {
    return Fail(ErrorCode::kTooLarge, "too many mounts");
  }
  for (const auto& [other, known] : mounts_) {
    if (!StartsWith(path, other) && !StartsWith(other, path)) continue;
    const auto shown = Below(other, "auth/");
    return Fail(ErrorCode::kInvalidArgument,
                "path is already in use at " + (shown ? *shown : other));
  }
  const std::string unique = Sha256Hex(random_.Bytes(16));
  mount.accessor = (StartsWith(path, "auth/") ? "auth_" : "") + mount.type +
                   "_" + unique.substr(0, kAccessorDigits);
  mount.uuid = UuidV5(unique);
  mounts_.emplace(path, std::move(mount));
  return {};
}

std::optional<MountTable::Route> MountTable::Find(const std::string& path) {
  // No mount lies below another, so at most one fits.
  const std::string folder = path + "/";
  for (auto& [at, mount] : mounts_) {
    if (const auto rest = Below(path, at)) return Route{&at, &mount, *rest};
    if (folder == at) return Route{&at, &mount, ""};
  }
  return std::nullopt;
}

Mount* MountTable::At(const std::string& path) {
  const auto found = mounts_.find(path);
  return found == mounts_.end() ? nullptr : &found->second;
}

json MountJson(const Mount& mount) {
  return {{"type", mount.type},
          {"description", mount.description},
          {"accessor", mount.accessor},
          {"uuid", mount.uuid},
          {"options", mount.options.empty() ? json() : json(mount.options)},
          {"local", false},
          {"seal_wrap", false},
          {"external_entropy_access", false},
          {"config",
           {{"default_lease_ttl", 0},
            {"max_lease_ttl", 0},
            {"force_no_cache", false}}}};
}

}  // namespace claviger::dev
