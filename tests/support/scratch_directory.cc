// SPDX-License-Identifier: Apache-2.0

#include "support/scratch_directory.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace claviger::testing {

ScratchDirectory::ScratchDirectory(std::string path) : path_(std::move(path)) {}

Result<ScratchDirectory> ScratchDirectory::Create() {
  std::error_code error;
  std::string path = std::filesystem::temp_directory_path(error);
  if (error) {
    return Fail(ErrorCode::kInternal, "no temporary directory");
  }
  path += "/claviger-test-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {  // mode 0700
    return Fail(ErrorCode::kInternal, "cannot create a directory like " + path);
  }
  return ScratchDirectory(std::move(path));
}

ScratchDirectory::~ScratchDirectory() { Remove(); }

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchDirectory& ScratchDirectory::operator=(
    ScratchDirectory&& other) noexcept {
  if (this != &other) {
    Remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

void ScratchDirectory::Remove() {
  if (!path_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

std::string ScratchDirectory::File(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

Result<std::string> ScratchDirectory::Write(std::string_view name,
                                            std::string_view bytes) const {
  std::string path = File(name);
  auto written = WriteFileAtomically(path, bytes, 0600);
  if (!written) {
    return Fail(written.error());
  }
  return path;
}

}  // namespace claviger::testing
