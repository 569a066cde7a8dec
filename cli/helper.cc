// SPDX-License-Identifier: Apache-2.0
#include <istream>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/local/helpers.h"
#include "cli/question.h"

namespace claviger::cli {
namespace {

// What the asking program writes, to its end.
Result<Secret> ReadInput(std::istream* in) {
  std::string text;
  char c = 0;
  while (in != nullptr && in->get(c)) {
    if (text.size() >= kMaxHelperInput) {
      return Fail(ErrorCode::kTooLarge, "more input than any such program has");
    }
    text += c;
  }
  return Secret(std::move(text));
}

Result<Secret> Answer(const HelperOptions& options, const Context& context) {
  std::vector<model::ObjectRef> refs;
  const bool with_action = options.kind != "aws";
  for (size_t i = 0; i + (with_action ? 1 : 0) < options.words.size(); ++i) {
    const auto ref = ReadConnectionRef(options.words[i]);
    if (!ref) return Fail(ref.error());
    refs.push_back(*ref);
  }
  const auto api = LocalApi::At(SocketOf(options.socket, context));
  if (!api) return Fail(api.error());
  if (!with_action) return AwsHelper(*api, refs[0], context.clock.Now());
  const auto input = ReadInput(context.standard_input);
  if (!input) return Fail(input.error());
  const std::string& action = options.words.back();
  if (options.kind == "git") {
    return GitHelper(*api, refs[0], action, input->Reveal());
  }
  return DockerHelper(*api, refs, action, input->Reveal());
}

}  // namespace

std::string SocketOf(const std::string& option, const Context& context) {
  if (!option.empty()) return option;
  const std::string& named = context.environment.socket;
  return named.empty() ? "/run/claviger/claviger.sock" : named;
}

int RunHelper(const HelperOptions& options, Context& context) {
  const auto answer = Answer(options, context);
  if (answer) {
    context.out << answer->Reveal();
    return kExitYes;
  }
  const Error& error = answer.error();
  // By these words docker tells "none" from "broken".
  if (options.kind == "docker" && error.code == ErrorCode::kNotFound) {
    context.out << "credentials not found in native keychain\n";
    return kExitError;
  }
  // Docker shows what is on standard output.
  (options.kind == "docker" ? context.out : context.err)
      << "claviger: " << error.message << "\n";
  return error.code == ErrorCode::kPermissionDenied && options.kind != "docker"
             ? kExitNo
             : kExitError;
}

}  // namespace claviger::cli
