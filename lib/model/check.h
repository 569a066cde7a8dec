// SPDX-License-Identifier: Apache-2.0
//
// The checks that several kinds share: names, lists, subjects, Vault
// references. Internal to validation. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "model/host.h"
#include "model/object.h"
#include "model/report.h"
#include "model/vault_ref.h"

namespace claviger::model {

/// What a name must look like, and how a message says so.
struct NameRule {
  bool (*matches)(std::string_view);
  std::string_view what;  // "a namespace's name"
  std::string_view allowed;
};
inline constexpr NameRule kNamespaceRule = {
    IsDnsLabel, "a namespace",
    "use lower-case letters, digits and dashes, at most 63"};
inline constexpr NameRule kObjectRule = {
    IsDnsSubdomain, "an object's name",
    "use lower-case letters, digits, dashes and dots, at most 253"};
inline constexpr NameRule kUserRule = {
    IsUserName, "a name",
    "use printable ASCII without quotes, braces, *, + and %, at most 256"};
inline constexpr NameRule kSegmentRule = {
    IsVaultSegment, "a name in Vault",
    "use letters, digits, _, . and -, at most 128"};
inline constexpr NameRule kVaultPathRule = {
    IsVaultPath, "a path in Vault",
    "use names of letters, digits, _, . and - joined by single slashes"};
inline constexpr NameRule kHostRule = {
    IsHost, "a host", "use a lower-case DNS name or an IP address"};

/// Complains at `path` unless `name` keeps the rule.
void CheckName(std::string_view name, const NameRule& rule,
               const std::string& path, Report& report);

/// Complains when a list or text is over its bound. `unit`: "entries",
/// "characters", "bytes".
void CheckSize(size_t size, size_t max, std::string_view unit,
               const std::string& path, Report& report);

void CheckMetadata(const Metadata& metadata, bool namespaced, Report& report);

/// Names of subjects by their kind; repeated ones are a warning.
void CheckSubject(const Subject& subject, const std::string& path,
                  Report& report);
void CheckSubjects(const std::vector<Subject>& subjects, size_t max,
                   const std::string& path, Report& report);

/// A list of names: its bound, each name, repeated ones.
void CheckNames(const std::vector<std::string>& names, size_t max,
                const NameRule& rule, const std::string& path, Report& report);

void CheckVaultRef(const VaultRef& ref, const std::string& path,
                   Report& report);

std::string At(const std::string& path, size_t index);

}  // namespace claviger::model
