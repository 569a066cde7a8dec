// SPDX-License-Identifier: Apache-2.0
#include "operator/process/injection.h"

#include <string>
#include <utility>

#include "base/file.h"

namespace claviger::op {
namespace {

constexpr size_t kMaxCaBytes = size_t{64} << 10U;

}  // namespace

Result<inject::Settings> InjectionOf(const Config& config) {
  inject::Settings settings = config.injection;
  if (settings.image.empty()) return settings;
  std::string ca;
  if (!config.vault_ca_file.empty()) {
    Result<std::string> read = ReadFile(config.vault_ca_file, kMaxCaBytes);
    if (!read) return Fail(read.error(), "vault.caFile");
    ca = *std::move(read);
  }
  Result<std::string> text =
      inject::SidecarText(SidecarFactsOf(config, std::move(ca)));
  if (!text) return Fail(text.error());
  settings.sidecar_text = *std::move(text);
  return settings;
}

}  // namespace claviger::op
