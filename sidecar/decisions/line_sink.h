// SPDX-License-Identifier: Apache-2.0
//
// Where lines go that must not hold anybody up: a port, and what writes them
// to standard output or a file on a thread of its own. What there is no room
// for is refused, not waited for. Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "sidecar/settings.h"

namespace claviger::sidecar {

class LineSink {
 public:
  virtual ~LineSink() = default;
  /// Takes one line, without its line break; false where there is no room.
  /// Never blocks.
  virtual bool Put(std::string_view line) = 0;
};

/// Null where lines go nowhere ("off"). Files are made with mode 0600 and moved
/// to "<path>.1" when they are full; links are not followed. The destructor
/// writes what is queued, for at most a second. `log` outlives the sink.
Result<std::unique_ptr<LineSink>> MakeLineSink(const DecisionSettings& settings,
                                               Logger& log);

}  // namespace claviger::sidecar
