// SPDX-License-Identifier: Apache-2.0
//
// A directory that only this user can enter, for sockets and tokens. Removed
// at the end where it was made here, if nothing is left in it. Move-only.
#pragma once

#include <string>

#include "base/result.h"

namespace claviger::cli {

class PrivateDirectory {
 public:
  /// `wanted` if not empty (made if missing, left at the end), else a new one
  /// below `runtime`, or below the system's temporary directory where that is
  /// empty or no directory. kUnavailable where none can be made, and
  /// kPermissionDenied where others could write to `wanted`.
  static Result<PrivateDirectory> Make(const std::string& wanted,
                                       const std::string& runtime);
  ~PrivateDirectory();
  PrivateDirectory(PrivateDirectory&& other) noexcept;
  PrivateDirectory& operator=(PrivateDirectory&& other) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  PrivateDirectory(std::string path, bool remove)
      : path_(std::move(path)), remove_(remove) {}

  std::string path_;
  bool remove_ = false;
};

}  // namespace claviger::cli
