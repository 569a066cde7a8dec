// SPDX-License-Identifier: Apache-2.0
//
// The checks that several kinds share: names, lists, subjects, Vault
// references. Internal to validation. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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
extern const NameRule kNamespaceRule;
extern const NameRule kObjectRule;
extern const NameRule kUserRule;
extern const NameRule kSegmentRule;
extern const NameRule kVaultPathRule;
extern const NameRule kHostRule;

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
