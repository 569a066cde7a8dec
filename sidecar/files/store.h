// SPDX-License-Identifier: Apache-2.0
//
// The port to where files are kept, and its one adapter: two directories on a
// memory volume, one of plain files and one of Service Bindings. Whoever reads
// sees the whole old contents or the whole new ones. Used on the worker thread
// only; blocks as a file system in memory does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "providers/file_formats.h"
#include "sidecar/files/render.h"

namespace claviger::sidecar::files {

class Store {
 public:
  virtual ~Store() = default;
  /// Before all else: makes the directories and clears them of what a former
  /// process left half done, or had for others than `wanted`. Of these, what is
  /// there stays: the result says which. kInvalidArgument: not a memory volume,
  /// or not a directory of ours; else what the system says.
  virtual Result<std::vector<providers::FileWish>> Open(
      const std::vector<providers::FileWish>& wanted) = 0;
  virtual Status Write(const providers::FileWish& wish,
                       const Contents& contents) = 0;
  /// Fine where there is none.
  virtual Status Remove(const providers::FileWish& wish) = 0;
};

struct Places {
  std::string directory;           // "<directory>/sales.warehouse/pgpass"
  std::string bindings_directory;  // "<directory>/sales.warehouse/username"
  unsigned mode = 0400;            // of files; directories have the same and x
};

/// True where nothing of the directory ever reaches a disk, but for swap.
bool IsInMemory(int directory);

/// `in_memory` is told an open directory.
std::unique_ptr<Store> MakeVolumeStore(
    Places places, std::function<bool(int directory)> in_memory = IsInMemory);

}  // namespace claviger::sidecar::files
