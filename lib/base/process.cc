// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace claviger {

Status ForbidCoreDumps() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0 ||
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return Fail(ErrorCode::kUnavailable, "core dumps cannot be switched off");
  }
  return {};
}

void AllowManyFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace claviger
