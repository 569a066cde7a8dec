// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/pod_editor.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"

namespace claviger::op::inject {

using nlohmann::json;
using Pointer = json::json_pointer;

void PodEditor::Do(std::string_view op, const Pointer& path,
                   const json& value) {
  PatchStep step{std::string(op), path.to_string(), DumpJson(value)};
  pod_.patch_inplace(
      json::array({{{"op", step.op}, {"path", step.path}, {"value", value}}}));
  steps_.push_back(std::move(step));
}

void PodEditor::MakeParent(const Pointer& path) {
  const Pointer parent = path.parent_pointer();
  if (parent.empty() || pod_.contains(parent)) return;
  MakeParent(parent);
  Do("add", parent, json::object());
}

void PodEditor::Set(const Pointer& path, json value) {
  if (pod_.contains(path)) {
    if (pod_.at(path) != value) Do("replace", path, value);
    return;
  }
  MakeParent(path);
  Do("add", path, value);
}

void PodEditor::Insert(const Pointer& list, size_t index, json value) {
  if (!pod_.contains(list)) {
    Set(list, json::array({std::move(value)}));
    return;
  }
  Do("add", list / index, value);
}

void PodEditor::SetEntry(const Pointer& list, const char* key, json value) {
  const json& entries = pod_.contains(list) ? pod_.at(list) : json();
  const int found = FindEntry(entries, key, value.at(key));
  if (found >= 0) {
    Set(list / static_cast<size_t>(found), std::move(value));
  } else {
    Insert(list, entries.size(), std::move(value));
  }
}

int FindEntry(const json& list, const char* key, const json& value) {
  if (!list.is_array()) return -1;
  const auto found = std::find_if(
      list.begin(), list.end(),
      [&](const json& one) { return MemberAt(one, key) == value; });
  return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}

}  // namespace claviger::op::inject
