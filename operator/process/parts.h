// SPDX-License-Identifier: Apache-2.0
//
// What both ways to run share, made by main.cc. References outlive the run.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "operator/config.h"
#include "operator/health.h"
#include "operator/metrics.h"
#include "operator/stop_signal.h"
#include "operator/vault_session.h"
#include "vault/api.h"

namespace claviger::op {

struct Parts {
  const Config& config;
  vault::Api& api;
  const Clock& clock;
  Random& random;
  Logger& log;
  StopSignal& stop;
  Health& health;
  Metrics& metrics;
};

/// So many principals are written to Vault at a time.
inline constexpr int kWriters = 8;

inline LoginSettings LoginSettingsOf(const Config& config) {
  return {.mount = config.layout.auth_mount,
          .role = config.login_role,
          .token_file = config.token_file,
          .vault_token_file = config.vault_token_file};
}

}  // namespace claviger::op
