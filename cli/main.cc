// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/random.h"
#include "base/spdlog_logger.h"
#include "cli/exit_code.h"
#include "cli/run.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> AllVariables() {
  std::vector<std::string> all;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    all.emplace_back(*one);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that has gone (`claviger who … | head`) is an error, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  // `plan` and `dev` hold tokens.
  if (const auto forbidden = claviger::ForbidCoreDumps(); !forbidden) {
    std::cerr << "claviger: " << forbidden.error().message << "\n";
    return claviger::cli::kExitError;
  }
  claviger::SystemClock clock;
  claviger::SystemRandom random;
  claviger::cli::ProcessStopSignal stop;
  claviger::cli::StandardInput input;
  const auto log =
      claviger::MakeStderrLogger(claviger::LogLevel::kWarning, "claviger");
  claviger::cli::Context context{
      std::cout,
      std::cerr,
      clock,
      random,
      stop,
      *log,
      {Variable("VAULT_TOKEN_FILE"), Variable("HOME"),
       Variable("XDG_RUNTIME_DIR"), Variable("KUBECONFIG"),
       Variable("CLAVIGER_SOCKET"), AllVariables()},
      isatty(STDOUT_FILENO) == 1,
      &std::cin,
      &input};
  return claviger::cli::Run({argv + 1, argv + argc}, context);
}
