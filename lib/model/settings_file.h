// SPDX-License-Identifier: Apache-2.0
//
// A configuration file by a table of its keys: one YAML document, unknown keys
// refused, every problem reported at once with file and line. The same table
// makes --help and the reference page, so that they cannot disagree. Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/decoder.h"
#include "model/object.h"

namespace claviger::model {

/// One key, by its full path.
struct SettingKey {
  std::string_view path;           // "vault.auth.mount"
  std::string_view type;           // "text", "number", "list of numbers"
  std::string_view default_value;  // as it would be written; "" for none
  std::string_view description;
  bool required = false;
};

/// Calls `read(i, value)` for each key of the table that the file has, in the
/// file's order. The problems found, by line; none: the file is good. `file`
/// is for messages only.
std::vector<Problem> ReadSettings(
    std::string_view text, const std::string& file,
    std::span<const SettingKey> keys,
    const std::function<void(size_t, const Value&)>& read);

/// Text that may be empty ("": not configured).
void ReadAnyText(const Value& value, std::string& out);

/// The table for a terminal, 80 columns.
std::string SettingsHelp(std::span<const SettingKey> keys);

/// The table as the rows of a Markdown table, with its head.
std::string SettingsMarkdown(std::span<const SettingKey> keys);

}  // namespace claviger::model
