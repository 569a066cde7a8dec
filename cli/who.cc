// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "access/explain.h"
#include "base/json.h"
#include "cli/askers.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

/// One line of the answer.
struct User {
  std::string label;
  std::string slot;
  std::optional<int> depth;
  std::string why;  // how USE was decided
  /// Only after storing a personal credential.
  bool must_enroll = false;
};

std::string StepOf(const access::Explanation& explanation,
                   std::string_view name) {
  for (const access::Step& step : explanation.steps) {
    if (step.step == name) return step.result;
  }
  return "";
}

/// Absent: this asker cannot use it.
std::optional<User> Ask(const access::Snapshot& snapshot, const Asker& asker,
                        const model::Connection& connection,
                        access::Delivery delivery, Time now) {
  access::Question question;
  question.delivery = delivery;
  question.carrier = CarrierFor(asker.caller, connection);
  User user{asker.label, "", std::nullopt, "", false};
  const auto ask = [&] {
    const access::Explanation explanation =
        Explain(snapshot, asker.caller, connection.ref(), question, now);
    user.slot = explanation.decision.slot;
    user.depth = explanation.decision.depth;
    user.why = StepOf(explanation, "use");
    return explanation.decision.reason;
  };
  access::Reason reason = ask();
  if (reason == access::Reason::kEnrollmentRequired) {
    user.must_enroll = true;
    question.enrolled = true;
    reason = ask();
  }
  if (reason != access::Reason::kAllowed) return std::nullopt;
  return user;
}

nlohmann::ordered_json ToJson(const User& user) {
  nlohmann::ordered_json json;
  json["caller"] = user.label;
  json["slot"] = user.slot;
  json["depth"] = nullptr;
  if (user.depth) json["depth"] = *user.depth;
  json["why"] = user.why;
  json["enrollmentRequired"] = user.must_enroll;
  return json;
}

void PrintJson(const WhoOptions& options, Time now,
               const std::vector<User>& users, std::ostream& out) {
  nlohmann::ordered_json json;
  json["connection"] = options.connection;
  json["delivery"] = options.deliver;
  json["at"] = FormatRfc3339(now);
  json["callers"] = nlohmann::ordered_json::array();
  for (const User& user : users) json["callers"].push_back(ToJson(user));
  out << DumpJson(json) << "\n";
}

void PrintText(const std::vector<User>& users, Context& context) {
  std::vector<std::vector<std::string>> rows;
  for (const User& user : users) {
    rows.push_back(
        {user.label, user.slot, user.depth ? std::to_string(*user.depth) : "-",
         user.why + (user.must_enroll ? ", once a personal credential is stored"
                                      : "")});
  }
  if (rows.empty()) {
    context.out << "nobody\n";
    return;
  }
  PrintTable({"CALLER", "SLOT", "DEPTH", "WHY"}, rows, context.out);
}

}  // namespace

int RunWho(const WhoOptions& options, Context& context) {
  const auto ref = ReadConnectionRef(options.connection);
  if (!ref) return ReportUsage(ref.error(), context);
  const auto now = ReadTime(options.at, context.clock);
  if (!now) return ReportUsage(now.error(), context);
  const auto snapshot = LoadSnapshot(options.common);
  if (!snapshot) return ReportError(snapshot.error(), context);
  ReportSkipped(snapshot->problems(), context);
  const int index = snapshot->Find(*ref);
  if (index < 0) {
    return ReportError(
        {ErrorCode::kNotFound, "there is no connection " + ToString(*ref)},
        context);
  }
  const model::Connection& connection =
      snapshot->connections()[static_cast<size_t>(index)];
  std::vector<User> users;
  for (const Asker& asker : AskersOf(*snapshot)) {
    auto user =
        Ask(*snapshot, asker, connection, ReadDelivery(options.deliver), *now);
    if (user) users.push_back(std::move(*user));
  }
  if (options.common.json) {
    PrintJson(options, *now, users, context.out);
  } else {
    PrintText(users, context);
  }
  return users.empty() ? kExitNo : kExitYes;
}

}  // namespace claviger::cli
