// SPDX-License-Identifier: Apache-2.0
//
// Names that could change a Vault path or policy, and objects with a place for
// them in every field that reaches Vault. Used where manifests are decoded, and
// where the API server is held to the same verdicts. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace claviger::testing {

/// An object with `@` where a name belongs: replaced by a hostile one, the
/// complaint must be at `path` (`*` in it stands for the name itself).
struct NameField {
  std::string path;
  std::string json;
};

std::vector<NameField> ConnectionNames();
std::vector<NameField> EndpointNames();
std::vector<NameField> GrantAndGroupNames();
/// `json` of a Connection around an endpoint's or a Vault reference's fields.
NameField InEndpoint(std::string path, std::string_view endpoint);
NameField InVault(std::string path, std::string_view vault);
NameField InMetadata(std::string path, std::string_view metadata);

std::vector<std::string> HostileNames();
/// One that every such field accepts.
std::string HarmlessName(const std::string& path);
/// The field's object with that name, which is put as JSON.
std::string WithName(const NameField& field, std::string_view name);

}  // namespace claviger::testing
