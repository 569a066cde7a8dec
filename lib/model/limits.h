// SPDX-License-Identifier: Apache-2.0
//
// Every bound on what one object may hold: maxItems and maxLength of the custom
// resource definitions, and what validation enforces. Names have the bounds of
// base/names.h.
#pragma once

#include <chrono>
#include <cstddef>

namespace claviger::model {

inline constexpr size_t kMaxFileBytes = size_t{1} << 20U;
inline constexpr size_t kMaxFiles = 10'000;

// Connection
inline constexpr size_t kMaxSharingGroups = 64;
inline constexpr size_t kMaxWorkloads = 64;
inline constexpr size_t kMaxServiceAccounts = 64;  // of one workload entry
inline constexpr size_t kMaxUrl = 1024;
inline constexpr size_t kMaxHosts = 16;
inline constexpr size_t kMaxDatabase = 128;
inline constexpr size_t kMaxMethods = 16;
inline constexpr size_t kMaxPathPrefixes = 32;
inline constexpr size_t kMaxPathPrefix = 256;
inline constexpr size_t kMaxCaBundle = size_t{64} << 10U;
inline constexpr size_t kMaxParameters = 32;
inline constexpr size_t kMaxParameterValue = 256;
inline constexpr std::chrono::seconds kLeastMaxStale{10};
inline constexpr std::chrono::seconds kLongestMaxStale{604'800};  // a week

// A Vault reference
inline constexpr size_t kMaxMount = 128;
inline constexpr size_t kMaxKeys = 16;
inline constexpr int kMaxVersion = 1'000'000'000;

// Grant
inline constexpr size_t kMaxSubjects = 64;
inline constexpr size_t kMaxPrivileges = 5;
inline constexpr int kMinPriority = -1000;
inline constexpr int kMaxPriority = 1000;
inline constexpr size_t kMaxReason = 256;  // characters

// Group
inline constexpr size_t kMaxMembers = 1000;
inline constexpr size_t kMaxAdmins = 64;
inline constexpr size_t kMaxClaimName = 128;

// metadata
inline constexpr size_t kMaxUid = 64;

}  // namespace claviger::model
