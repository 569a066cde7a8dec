// SPDX-License-Identifier: Apache-2.0
#include "model/object.h"

#include "model/field_lines.h"

namespace claviger::model {

Location Locate(const Metadata& metadata, std::string_view path) {
  Location location = metadata.location;
  if (metadata.lines) location.line = metadata.lines->LineOf(path);
  return location;
}

std::string ToString(const ObjectRef& ref) { return ref.ns + "/" + ref.name; }

std::string_view ToString(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kUser:
      return "User";
    case SubjectKind::kServiceAccount:
      return "ServiceAccount";
    case SubjectKind::kGroup:
      return "Group";
    case SubjectKind::kNamespace:
      return "Namespace";
    case SubjectKind::kEveryone:
      return "Everyone";
  }
  return "";
}

std::string ToString(const Problem& problem) {
  std::string text = problem.location.file;
  if (!text.empty() && problem.location.line > 0) {
    text += ":" + std::to_string(problem.location.line);
  }
  if (!text.empty()) text += ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  text += problem.what;
  if (!problem.fix.empty()) text += "; " + problem.fix;
  return text;
}

}  // namespace claviger::model
