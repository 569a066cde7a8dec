// SPDX-License-Identifier: Apache-2.0
//
// What the files behind real_servers.h share: finding programs, retrying a
// start that lost its port. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::testing {

/// The environment variable, or "" where it is not set.
std::string Environment(const char* name);

/// A program that tests/servers/build.sh put into the cache.
std::string CachedServer(std::string_view file);

/// A program of Kubernetes: $KUBEBUILDER_ASSETS, PATH, then the cache.
/// kUnsupported if there is none.
Result<std::string> FindKubeProgram(const std::string& name);

/// 32 random hexadecimal digits.
std::string RandomPassword();

/// Calls `start` again when another process took the free port in between.
template <typename Start>
auto RetryOnLostPort(const Start& start) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    auto started = start();
    if (started || attempt == kAttempts ||
        started.error().message.find("ddress already in use") ==
            std::string::npos) {
      return started;
    }
  }
}

}  // namespace claviger::testing
