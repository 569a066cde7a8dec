// SPDX-License-Identifier: Apache-2.0
//
// From what was typed to what lib/access is asked. Pure.
#pragma once

#include <string>

#include "access/caller.h"
#include "access/decision.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/arguments.h"

namespace claviger::cli {

/// One question, read and checked.
struct AskedQuestion {
  access::Caller caller;
  model::ObjectRef connection;
  access::Question question;
  Time now;
  /// What was typed but means nothing here, to be said on standard error.
  std::string note;
};

/// kInvalidArgument, naming the option, where something typed has no meaning:
/// wrong usage. `clock` gives the time where --at does not.
Result<AskedQuestion> ReadQuestion(const QuestionOptions& options,
                                   const Clock& clock);

/// "ns/name". kInvalidArgument otherwise.
Result<model::ObjectRef> ReadConnectionRef(const std::string& text);

/// --at, or the clock's time where it is empty.
Result<Time> ReadTime(const std::string& at, const Clock& clock);

/// "inject" or "disclose", checked where the arguments were parsed.
access::Delivery ReadDelivery(const std::string& text);

/// "sa/ns/name". kInvalidArgument naming `option` otherwise.
Result<model::ObjectRef> ReadServiceAccount(const std::string& option,
                                            const std::string& text);

}  // namespace claviger::cli
