// SPDX-License-Identifier: Apache-2.0
#include "model/check.h"

#include <algorithm>
#include <set>

#include "model/limits.h"
#include "model/text.h"

namespace claviger::model {
namespace {

// Names, not locations: these hold Vault's own machinery and logins.
constexpr std::string_view kReservedMounts[] = {"sys", "auth", "identity",
                                                "cubbyhole"};

bool IsReservedMount(std::string_view mount) {
  std::string first(mount.substr(0, mount.find('/')));
  std::transform(first.begin(), first.end(), first.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::any_of(
      std::begin(kReservedMounts), std::end(kReservedMounts),
      [&first](std::string_view reserved) { return first == reserved; });
}

void CheckKeys(const VaultRef& ref, const std::string& path, Report& report) {
  CheckSize(ref.keys.size(), kMaxKeys, "entries", path + ".keys", report);
  for (const auto& [ours, theirs] : ref.keys) {
    const std::string at = path + ".keys." + Printable(ours);
    CheckName(ours, kSegmentRule, at, report);
    CheckName(theirs, kSegmentRule, at, report);
  }
}

// A ServiceAccount has a namespace, nothing else has.
void CheckSubjectNamespace(const Subject& subject, const std::string& path,
                           Report& report) {
  const std::string at = path + ".namespace";
  if (subject.kind == SubjectKind::kServiceAccount) {
    if (subject.ns.empty()) {
      report.Invalid(at, "required, but missing",
                     "say in which namespace the service account is");
    } else {
      CheckName(subject.ns, kNamespaceRule, at, report);
    }
  } else if (!subject.ns.empty()) {
    report.Invalid(at, "only a ServiceAccount has a namespace", "remove it");
  }
}

void CheckUser(const Subject& subject, const std::string& path,
               Report& report) {
  CheckName(subject.name, kUserRule, path, report);
  if (subject.name.rfind("system:serviceaccount:", 0) == 0) {
    report.Warn(path, "a service account is never met as a User",
                "use kind: ServiceAccount");
  }
}

}  // namespace

std::string At(const std::string& path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

void CheckName(std::string_view name, const NameRule& rule,
               const std::string& path, Report& report) {
  if (rule.matches(name)) return;
  // What stands before an @ may be a password, and messages are logged.
  const size_t at = name.rfind('@');
  const std::string shown =
      at == std::string_view::npos || rule.matches == IsUserName
          ? Quoted(name)
          : Quoted("..." + std::string(name.substr(at)));
  report.Invalid(path, shown + " is not " + std::string(rule.what),
                 std::string(rule.allowed));
}

void CheckSize(size_t size, size_t max, std::string_view unit,
               const std::string& path, Report& report) {
  if (size <= max) return;
  report.Invalid(path,
                 std::to_string(size) + " " + std::string(unit) + ", at most " +
                     std::to_string(max) + " are accepted",
                 unit == "entries" ? "split it up" : "shorten it");
}

void CheckMetadata(const Metadata& metadata, bool namespaced, Report& report) {
  CheckName(metadata.name, kObjectRule, "metadata.name", report);
  if (namespaced) {
    CheckName(metadata.ns, kNamespaceRule, "metadata.namespace", report);
  }
  if (!metadata.uid.empty()) {
    CheckSize(metadata.uid.size(), kMaxUid, "characters", "metadata.uid",
              report);
    CheckName(metadata.uid, kSegmentRule, "metadata.uid", report);
  }
}

void CheckSubject(const Subject& subject, const std::string& path,
                  Report& report) {
  // Without its kind there is no telling what else is wrong.
  if (report.Complained(path + ".kind")) return;
  CheckSubjectNamespace(subject, path, report);
  const std::string at = path + ".name";
  if (subject.kind == SubjectKind::kEveryone) {
    if (!subject.name.empty()) {
      report.Invalid(at, "Everyone has no name", "remove it");
    }
    return;
  }
  if (subject.name.empty()) {
    report.Invalid(at, "required, but missing", "say who is meant");
  } else if (subject.kind == SubjectKind::kUser) {
    CheckUser(subject, at, report);
  } else {
    CheckName(
        subject.name,
        subject.kind == SubjectKind::kNamespace ? kNamespaceRule : kObjectRule,
        at, report);
  }
}

void CheckSubjects(const std::vector<Subject>& subjects, size_t max,
                   const std::string& path, Report& report) {
  CheckSize(subjects.size(), max, "entries", path, report);
  std::set<Subject> seen;
  // Past the bound there is nothing more to learn.
  for (size_t i = 0; i < std::min(subjects.size(), max); ++i) {
    CheckSubject(subjects[i], At(path, i), report);
    if (!seen.insert(subjects[i]).second) {
      report.Warn(At(path, i), "repeated", "remove it");
    }
  }
}

void CheckNames(const std::vector<std::string>& names, size_t max,
                const NameRule& rule, const std::string& path, Report& report) {
  CheckSize(names.size(), max, "entries", path, report);
  std::set<std::string_view> seen;
  for (size_t i = 0; i < std::min(names.size(), max); ++i) {
    CheckName(names[i], rule, At(path, i), report);
    if (!seen.insert(names[i]).second) {
      report.Warn(At(path, i), "repeated", "remove it");
    }
  }
}

void CheckVaultRef(const VaultRef& ref, const std::string& path,
                   Report& report) {
  CheckSize(ref.mount.size(), kMaxMount, "characters", path + ".mount", report);
  CheckName(ref.mount, kVaultPathRule, path + ".mount", report);
  if (IsReservedMount(ref.mount)) {
    report.Invalid(path + ".mount",
                   Quoted(ref.mount) + " is never a place for credentials",
                   "name the mount of a secrets engine", "PathNotAllowed");
  }
  if (!ref.path.empty() || UsesPath(ref.engine)) {
    CheckName(ref.path, kVaultPathRule, path + ".path", report);
  }
  if (!ref.role.empty() || !UsesPath(ref.engine)) {
    CheckName(ref.role, kSegmentRule, path + ".role", report);
  }
  if (ref.version && ref.engine != Engine::kKv2) {
    report.Invalid(path + ".version", "only engine kv2 has versions",
                   "remove it");
  } else if (ref.version && *ref.version < 1) {
    report.Invalid(path + ".version", "versions begin with 1",
                   "name a version, or leave the field out for the newest");
  } else if (ref.version && *ref.version > kMaxVersion) {
    report.Invalid(path + ".version", "no secret has so many versions",
                   "name a version, or leave the field out for the newest");
  }
  CheckKeys(ref, path, report);
}

}  // namespace claviger::model
