// SPDX-License-Identifier: Apache-2.0
//
// Helm as its users run it, for the tests of helm/claviger: a program, values
// in files, and what it prints. Its own files are in a private directory.
// Blocking; one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "support/real_servers.h"
#include "support/run.h"
#include "support/scratch_directory.h"

namespace claviger::testing {

inline constexpr const char* kChart = CLAVIGER_SOURCE_DIR "/helm/claviger";
inline constexpr const char* kNamespace = "claviger-system";

/// Values files that the chart carries for its tests.
std::string ValuesFile(std::string_view name);

class Helm {
 public:
  /// kUnsupported where tests/servers/build.sh has not put one there.
  static Result<Helm> Find();

  const std::string& program() const { return program_; }

  /// Runs it with these arguments.
  Result<Ran> Run(const std::vector<std::string>& arguments) const;

  /// From now on it talks to this API server, as its administrator.
  Status UseServer(const RealKubeApiServer& kube);

  /// `helm template` into kNamespace with these values files; then "--set"
  /// for each of `set`. Its error output where it refuses.
  Result<std::string> Render(const std::vector<std::string>& values,
                             const std::vector<std::string>& set = {}) const;

 private:
  Helm(std::string program, ScratchDirectory directory);

  std::string program_;
  ScratchDirectory directory_;
};

/// Every document of a YAML text as JSON; empty documents are left out.
Result<std::vector<nlohmann::json>> Documents(std::string_view yaml);

/// The document of that kind and name; null where there is none.
nlohmann::json Find(const std::vector<nlohmann::json>& documents,
                    std::string_view kind, std::string_view name);

}  // namespace claviger::testing
