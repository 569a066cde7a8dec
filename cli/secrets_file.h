// SPDX-License-Identifier: Apache-2.0
//
// The `secrets.yaml` that fills the embedded Vault: a list of
// `{path: "secret/sales/warehouse", data: {username: ..., password: ...}}`.
// Read by `claviger dev` alone. Blocking file read; otherwise pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::cli {

struct SecretEntry {
  std::string path;
  Secret data;  // a JSON object; scalars are text, whatever they look like
};

/// At most 1 MiB and 1,000 entries. kInvalidArgument as "file:line: what",
/// which never shows a value; the file's errors, kNotFound among them.
Result<std::vector<SecretEntry>> ReadSecretsFile(const std::string& path);

}  // namespace claviger::cli
