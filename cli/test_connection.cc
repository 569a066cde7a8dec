// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/json_member.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/sidecar_answer.h"
#include "cli/text.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

// Ten seconds of the sidecar's, and what Vault takes before that.
constexpr std::chrono::seconds kDeadline{40};
constexpr int kTooManyRequests = 429;

LocalRequest RequestFor(const std::string& slot) {
  LocalRequest request;
  request.method = http::Method::kPost;
  request.below = slot.empty() ? "/test" : "/test?slot=" + slot;
  request.deadline = kDeadline;
  return request;
}

void PrintReasons(const json& body, std::ostream& out) {
  PrintPairs({{"reason", TextAt(body, "reason")},
              {"why", TextAt(body, "detail")},
              {"fix", TextAt(body, "fix")}},
             "", out);
}

void PrintSteps(const json& steps, std::ostream& out) {
  std::vector<std::vector<std::string>> rows;
  for (const json& step : steps.is_array() ? steps : json::array()) {
    const json& took = MemberAt(step, "milliseconds");
    rows.push_back({TextAt(step, "step"), TextAt(step, "outcome"),
                    (took.is_number_integer() ? took.dump() : "?") + " ms",
                    TextAt(step, "note")});
  }
  PrintTable({"STEP", "OUTCOME", "TIME", "NOTE"}, rows, out);
}

void PrintReport(const json& body, bool ok, Context& context) {
  context.out << Painted(ok ? "ok" : "failed",
                         ok ? Colour::kGreen : Colour::kRed, context.colour)
              << ": " << TextAt(body, "connection");
  const std::string slot = TextAt(body, "slot");
  const std::string server = TextAt(body, "server");
  if (!slot.empty()) context.out << ", slot " << slot;
  if (!server.empty()) context.out << ", at " << server;
  context.out << "\n\n";
  PrintSteps(MemberAt(body, "steps"), context.out);
  if (ok) return;
  context.out << "\n";
  PrintReasons(body, context.out);
}

// A refusal of the sidecar's; an outage is an error, the rest a "no".
int ReportRefusal(int status, const json& body, const TestOptions& options,
                  Context& context) {
  if (options.json) context.out << DumpJson(body) << "\n";
  context.err << "claviger: " << TextAt(body, "reason") << ": "
              << TextAt(body, "detail") << "\n";
  const std::string fix = TextAt(body, "fix");
  if (!fix.empty()) context.err << "fix: " << fix << "\n";
  return status >= 500 || status == kTooManyRequests ? kExitError : kExitNo;
}

}  // namespace

int RunTest(const TestOptions& options, Context& context) {
  const Result<model::ObjectRef> ref = ReadConnectionRef(options.connection);
  if (!ref) return ReportUsage(ref.error(), context);
  const std::string socket = SocketOf(options.socket, context);
  const Result<SidecarAnswer> answer =
      AskSidecar(socket, *ref, RequestFor(options.slot));
  if (!answer) return ReportError(answer.error(), context);
  const json& body = answer->body;
  if (answer->status != 200) {
    return ReportRefusal(answer->status, body, options, context);
  }
  const bool ok = TextAt(body, "outcome") == "ok";
  if (options.json) {
    context.out << DumpJson(body) << "\n";
  } else {
    PrintReport(body, ok, context);
  }
  return ok ? kExitYes : kExitNo;
}

}  // namespace claviger::cli
