// SPDX-License-Identifier: Apache-2.0
#include "sidecar/hardening.h"

#include <malloc.h>
#include <pthread.h>

#include "base/process.h"

namespace claviger::sidecar {
namespace {

// Enough for TLS, and for JSON at its greatest depth.
constexpr size_t kThreadStack = size_t{512} * 1024;
constexpr int kTrimThreshold = 128 * 1024;

void KeepSmall() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, kThreadStack) == 0) {
    pthread_setattr_default_np(&attributes);
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace

Status HardenProcess() {
  KeepSmall();
  return ForbidCoreDumps();
}

}  // namespace claviger::sidecar
