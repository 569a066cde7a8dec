// SPDX-License-Identifier: Apache-2.0
//
// The port to standard input where it carries secrets: typed without being
// shown, or piped in. Used by one thread; blocks.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::cli {

class SecretInput {
 public:
  virtual ~SecretInput() = default;
  /// Whether somebody sits there who can be asked.
  virtual bool IsTerminal() const = 0;
  /// Asks for one line on the terminal, without showing it. kUnavailable at the
  /// end of input, kTooLarge.
  virtual Result<Secret> Ask(const std::string& prompt) = 0;
  /// All there is. kTooLarge over `max_bytes`.
  virtual Result<Secret> ReadAll(size_t max_bytes) = 0;
};

/// The process's. Only main.cc constructs one.
class StandardInput final : public SecretInput {
 public:
  bool IsTerminal() const override;
  Result<Secret> Ask(const std::string& prompt) override;
  Result<Secret> ReadAll(size_t max_bytes) override;
};

}  // namespace claviger::cli
