// SPDX-License-Identifier: Apache-2.0
#include "sidecar/token_source.h"

#include <utility>

#include "base/file.h"

namespace claviger::sidecar {
namespace {

constexpr size_t kMaxTokenBytes = size_t{16} * 1024;

}  // namespace

TokenSource MakeFileTokenSource(std::string path) {
  return [path = std::move(path)]() -> Result<Secret> {
    Result<std::string> text = ReadFile(path, kMaxTokenBytes);
    if (!text) return Fail(std::move(text.error()));
    const size_t last = text->find_last_not_of(" \t\r\n");
    if (last == std::string::npos) {
      return Fail(ErrorCode::kMalformed, path + " is empty");
    }
    text->resize(last + 1);
    return Secret(std::move(*text));
  };
}

}  // namespace claviger::sidecar
