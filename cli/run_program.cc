// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/local/program.h"

namespace claviger::cli {
namespace {

constexpr std::string_view kSignalPrefix = "signal=";

Status ReadOnRotation(const std::string& text, ProgramSettings& settings) {
  if (text == "nothing") return {};
  if (text == "restart") {
    settings.on_rotation = OnRotation::kRestart;
    return {};
  }
  const auto signal = text.starts_with(kSignalPrefix)
                          ? ParseSignal(text.substr(kSignalPrefix.size()))
                          : std::nullopt;
  if (!signal) {
    return Fail(ErrorCode::kInvalidArgument,
                "--on-rotation " + text.substr(0, 100) +
                    ": use nothing, restart or signal=NAME, with HUP, INT, "
                    "QUIT, TERM, USR1, USR2, WINCH or ALRM");
  }
  settings.on_rotation = OnRotation::kSignal;
  settings.signal = *signal;
  return {};
}

int Refuse(const Error& error, Context& context) {
  context.err << "claviger: " << error.message << "\n";
  return kExitUsage;
}

}  // namespace

int RunRun(const RunOptions& options, Context& context) {
  ProgramSettings settings;
  settings.argv = options.command;
  settings.inherited = context.environment.variables;
  if (Status read = ReadOnRotation(options.on_rotation, settings); !read) {
    return Refuse(read.error(), context);
  }
  std::vector<VariableWish> wishes;
  for (const std::string& text : options.env) {
    auto wish = ParseVariableWish(text);
    if (!wish) return Refuse(wish.error(), context);
    wishes.push_back(*std::move(wish));
  }
  const auto api = LocalApi::At(SocketOf(options.socket, context));
  if (!api) return Refuse(api.error(), context);
  Program program(
      std::move(settings), [&] { return ReadVariables(*api, wishes); },
      context.err);
  return program.Run();
}

}  // namespace claviger::cli
