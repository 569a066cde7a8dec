// SPDX-License-Identifier: Apache-2.0
//
// A pod that is being changed, and the JSON patch that does the same: one step
// for each change, none for what is as it should be. For this folder only. Not
// synchronised.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "operator/json_patch.h"

namespace claviger::op::inject {

class PodEditor {
 public:
  explicit PodEditor(const nlohmann::json& pod) : pod_(pod) {}

  const nlohmann::json& pod() const { return pod_; }
  const std::vector<PatchStep>& steps() const { return steps_; }

  /// Adds or replaces a member; its parents are made where they are missing.
  void Set(const nlohmann::json::json_pointer& path, nlohmann::json value);
  /// Puts `value` before that entry of a list, which is made where missing.
  void Insert(const nlohmann::json::json_pointer& list, size_t index,
              nlohmann::json value);
  /// Replaces the entry whose `key` is the value's, or appends the value.
  void SetEntry(const nlohmann::json::json_pointer& list, const char* key,
                nlohmann::json value);

 private:
  void Do(std::string_view op, const nlohmann::json::json_pointer& path,
          const nlohmann::json& value);
  void MakeParent(const nlohmann::json::json_pointer& path);

  nlohmann::json pod_;
  std::vector<PatchStep> steps_;
};

/// The index of the entry of `list` (or null) with that value; -1 without.
int FindEntry(const nlohmann::json& list, const char* key,
              const nlohmann::json& value);

}  // namespace claviger::op::inject
