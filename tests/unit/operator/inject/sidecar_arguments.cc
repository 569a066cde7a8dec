// SPDX-License-Identifier: Apache-2.0
#include "unit/operator/inject/sidecar_arguments.h"

#include <map>
#include <nlohmann/json.hpp>

namespace claviger::testing {

using nlohmann::json;

Result<sidecar::Config> ConfigOf(const json& pod) {
  sidecar::Overrides flags;
  std::string settings;
  const std::map<std::string, std::string*> known = {
      {"--settings", &settings},
      {"--identity", &flags.identity},
      {"--log-level", &flags.log_level},
      {"--files", &flags.files},
      {"--files-mode", &flags.files_mode},
      {"--files-notify", &flags.files_notify},
      {"--listen", &flags.listen},
      {"--tcp", &flags.tcp}};
  for (const json& container : pod["spec"]["initContainers"]) {
    if (container["name"] != "claviger-sidecar") continue;
    for (const std::string text : container["args"]) {
      const size_t equals = text.find('=');
      const auto flag = known.find(text.substr(0, equals));
      if (flag == known.end()) {
        return Fail(ErrorCode::kInvalidArgument, "unknown argument " + text);
      }
      *flag->second = text.substr(equals + 1);
    }
  }
  return sidecar::ParseConfig(settings, "--settings", flags);
}

}  // namespace claviger::testing
