// SPDX-License-Identifier: Apache-2.0
//
// A listening Unix socket at a path: a stale file is replaced, a live one is
// not, nobody can connect before the mode is set, and the file goes when the
// listener does. Blocking for at most a second. Not synchronised.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace claviger::http {

/// The file a listener made, and what tells it from one that another process
/// has put there since.
struct UnixSocketFile {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

struct UnixListener {
  int fd = -1;  // non-blocking, close-on-exec; the caller's
  UnixSocketFile file;
};

/// kInvalidArgument (path too long, no such directory), kConflict (somebody
/// serves there, or the file is no socket), kPermissionDenied or kUnavailable.
Result<UnixListener> BindUnixSocket(const std::string& path, unsigned mode);

/// Removes the file if it is still the listener's own.
void RemoveUnixSocket(const UnixSocketFile& file);

}  // namespace claviger::http
