// SPDX-License-Identifier: Apache-2.0
//
// A private directory (mode 0700) for one test's files, removed with all that
// is in it when the object goes. What a killed test leaves lies in the
// system's temporary directory. Not synchronised.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::testing {

class ScratchDirectory {
 public:
  static Result<ScratchDirectory> Create();
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept;
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// The path of `name` in it.
  std::string File(std::string_view name) const;
  /// Writes a file of mode 0600 and returns its path.
  Result<std::string> Write(std::string_view name,
                            std::string_view bytes) const;

 private:
  explicit ScratchDirectory(std::string path);
  void Remove();

  std::string path_;  // empty: moved from
};

}  // namespace claviger::testing
