// SPDX-License-Identifier: Apache-2.0
#include "cli/private_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace claviger::cli {
namespace {

namespace fs = std::filesystem;

Status CheckWanted(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return Fail(ErrorCode::kUnavailable, path + " is not a directory");
  }
  if (found.st_uid != geteuid() || (found.st_mode & 022U) != 0) {
    return Fail(ErrorCode::kPermissionDenied,
                "others could write to " + path +
                    "; choose a directory of mode 0700 that is yours");
  }
  return {};
}

}  // namespace

Result<PrivateDirectory> PrivateDirectory::Make(const std::string& wanted,
                                                const std::string& runtime) {
  if (!wanted.empty()) {
    if (mkdir(wanted.c_str(), 0700) != 0 && errno != EEXIST) {
      return Fail(ErrorCode::kUnavailable,
                  "make directory " + wanted + ": " + std::strerror(errno));
    }
    if (auto status = CheckWanted(wanted); !status) return Fail(status.error());
    return PrivateDirectory(wanted, false);
  }
  std::error_code error;
  fs::path base(runtime);
  if (runtime.empty() || !fs::is_directory(base, error)) {
    base = fs::temp_directory_path(error);
  }
  std::string path = (base / "claviger-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    return Fail(ErrorCode::kUnavailable, "make a directory below " +
                                             base.string() + ": " +
                                             std::strerror(errno));
  }
  return PrivateDirectory(std::move(path), true);
}

PrivateDirectory::~PrivateDirectory() {
  if (remove_) rmdir(path_.c_str());
}

PrivateDirectory::PrivateDirectory(PrivateDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      remove_(std::exchange(other.remove_, false)) {}

}  // namespace claviger::cli
