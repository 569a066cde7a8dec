// SPDX-License-Identifier: Apache-2.0
#include "cli/world.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/secret.h"
#include "cli/exit_code.h"
#include "model/manifests.h"
#include "operator/config.h"

namespace claviger::cli {
namespace {

constexpr size_t kMaxSecretsBytes = size_t{1} << 20U;

/// A file of that name may also hold Kubernetes objects, which are no matter
/// of ours.
bool HoldsKubernetesObjects(std::string_view text) {
  constexpr std::string_view kField = "apiVersion:";
  for (size_t at = text.find(kField); at != std::string_view::npos;
       at = text.find(kField, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return true;
  }
  return false;
}

/// The refusal of the embedded Vault's secrets, where they lie among the
/// manifests: what is linted is what is committed and deployed.
std::optional<model::Problem> FindSecrets(const std::string& manifests) {
  std::filesystem::path path(manifests);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) path /= kSecretsFile;
  if (path.filename() != kSecretsFile) return std::nullopt;
  auto text = ReadFile(path.string(), kMaxSecretsBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (text) {
    const bool harmless = HoldsKubernetesObjects(*text);
    WipeString(*text);
    if (harmless) return std::nullopt;
  }
  return model::Problem{
      model::Problem::Severity::kInvalid,
      {path.string(), 1},
      "",
      "",
      "refused, because it holds secrets and no manifest does",
      "only `claviger dev` reads it; keep it outside of the manifests"};
}

}  // namespace

Result<model::Objects> LoadObjects(const std::string& manifests) {
  auto objects = model::ReadManifests(manifests);
  if (!objects) return Fail(objects.error());
  if (auto secrets = FindSecrets(manifests)) {
    objects->problems.push_back(std::move(*secrets));
  }
  return objects;
}

Result<access::SnapshotSettings> LoadSettings(const std::string& config) {
  if (config.empty()) return access::SnapshotSettings{};
  auto read = op::LoadConfig(config);
  if (!read) return Fail(read.error());
  return std::move(read->snapshot);
}

Result<access::Snapshot> LoadSnapshot(const CommonOptions& common) {
  auto objects = LoadObjects(common.manifests);
  if (!objects) return Fail(objects.error());
  auto settings = LoadSettings(common.config);
  if (!settings) return Fail(settings.error());
  return access::Snapshot(std::move(*objects), *settings);
}

void ReportSkipped(const std::vector<model::Problem>& problems,
                   Context& context) {
  for (const model::Problem& problem : problems) {
    if (problem.severity == model::Problem::Severity::kWarning) continue;
    context.err << "skipped: " << ToString(problem) << "\n";
  }
}

int ReportError(const Error& error, Context& context) {
  context.err << "claviger: " << error.message << "\n";
  return kExitError;
}

int ReportUsage(const Error& error, Context& context) {
  context.err << "claviger: " << error.message << "\n";
  return kExitUsage;
}

}  // namespace claviger::cli
