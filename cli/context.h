// SPDX-License-Identifier: Apache-2.0
//
// What a command may touch of the world: handed in by main.cc, so that tests
// run every command in-process with captured output and a fixed clock. Used by
// one thread.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/secret_input.h"
#include "cli/stop_signal.h"

namespace claviger::cli {

/// What main.cc took from the environment; none of our secrets is there.
struct Environment {
  std::string vault_token_file;   // VAULT_TOKEN_FILE
  std::string home;               // HOME
  std::string runtime_directory;  // XDG_RUNTIME_DIR
  std::string kubeconfig;         // KUBECONFIG
  std::string socket;             // CLAVIGER_SOCKET
  /// All of it, for programs that are started: may hold others' secrets.
  std::vector<std::string> variables;
};

struct Context {
  std::ostream& out;
  std::ostream& err;
  Clock& clock;
  Random& random;
  StopSignal& stop;
  Logger& log;
  Environment environment;
  /// Whether `out` is a terminal that shows colours.
  bool colour = false;
  /// What is piped in; null: nothing.
  std::istream* standard_input = nullptr;
  /// Where secrets are typed or piped in; null: nowhere.
  SecretInput* input = nullptr;
};

}  // namespace claviger::cli
