// SPDX-License-Identifier: Apache-2.0
//
// Manifests, and the operator's configuration where one is given, as the
// Snapshot that every command asks. Blocking file reads.
#pragma once

#include <string>
#include <vector>

#include "access/snapshot.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/context.h"

namespace claviger::cli {

/// The name of the file that fills the embedded Vault of `claviger dev`, and
/// that every other command refuses: it holds secrets, manifests never do.
inline constexpr const char* kSecretsFile = "secrets.yaml";

/// Reads everything below `manifests`. What is wrong with single objects and
/// files is in Objects::problems; an error is where nothing could be read.
Result<model::Objects> LoadObjects(const std::string& manifests);

/// The rules that the operator's configuration sets; without a file every path
/// may be named and everybody may share. What is wrong with the file.
Result<access::SnapshotSettings> LoadSettings(const std::string& config);

/// The objects, judged. An error also where the configuration is wrong.
Result<access::Snapshot> LoadSnapshot(const CommonOptions& common);

/// Names on `context.err` what the answer leaves out: every object and file
/// that is not as it should be. Warnings are lint's.
void ReportSkipped(const std::vector<model::Problem>& problems,
                   Context& context);

/// "claviger: <message>" on `context.err`; the exit code of an error.
int ReportError(const Error& error, Context& context);

/// The same for wrong usage.
int ReportUsage(const Error& error, Context& context);

}  // namespace claviger::cli
