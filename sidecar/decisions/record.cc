// SPDX-License-Identifier: Apache-2.0
#include "sidecar/decisions/record.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxText = 320;

constexpr std::array<std::string_view, 8> kKinds = {
    "credential", "report",  "personal", "file",
    "request",    "session", "test",     "leftOut"};

constexpr std::array<access::Reason, 11> kDenials = {
    access::Reason::kNotVisible,
    access::Reason::kForbidden,
    access::Reason::kDenied,
    access::Reason::kNotReady,
    access::Reason::kInjectionUnsupported,
    access::Reason::kAmbiguousCredential,
    access::Reason::kNotEligible,
    access::Reason::kEnrollmentRequired,
    access::Reason::kNoCredential,
    access::Reason::kServerSideOnly,
    access::Reason::kDisclosureNotAllowed};

ordered_json Text(const std::string& text) {
  if (text.empty()) return nullptr;
  return text.substr(0, kMaxText);
}

ordered_json Flag(bool flag) {
  if (!flag) return nullptr;
  return true;
}

template <typename T>
ordered_json Number(T number) {
  if (number == 0) return nullptr;
  return number;
}

bool IsDecision(const DecisionLine& line) {
  return line.record.kind != DecisionKind::kLeftOut;
}

bool PassedThrough(const DecisionLine& line) {
  return line.record.kind == DecisionKind::kRequest ||
         line.record.kind == DecisionKind::kSession;
}

ordered_json Bytes(const DecisionLine& line, uint64_t bytes) {
  if (!PassedThrough(line)) return nullptr;
  return bytes;
}

// A field and its value in a line; null: the line does not have it.
struct Row {
  DecisionField field;
  ordered_json (*value)(const DecisionLine& line);
};

constexpr std::array<Row, 20> kRows = {{
    {{"time", "always", "when the line was written, RFC 3339 in UTC"},
     [](const DecisionLine& line) -> ordered_json {
       return FormatRfc3339(line.time);
     }},
    {{"kind", "always", "what was asked for, see below"},
     [](const DecisionLine& line) -> ordered_json {
       return ToString(line.record.kind);
     }},
    {{"decisionId", "all but `leftOut`",
      "the decision's id, as the answer has it; equal decisions share one"},
     [](const DecisionLine& line) -> ordered_json {
       if (!IsDecision(line)) return nullptr;
       return line.id;
     }},
    {{"principal", "always", "the pod's service account, `sa/<ns>/<name>`"},
     [](const DecisionLine& line) -> ordered_json { return line.principal; }},
    {{"user", "for an end user", "the end user's name, as Vault verified it"},
     [](const DecisionLine& line) { return Text(line.record.user); }},
    {{"connection", "all but `leftOut`",
      "`<ns>/<name>`; `(no name)` for what cannot be one"},
     [](const DecisionLine& line) { return Text(line.record.connection); }},
    {{"slot", "where one was chosen", "`default`, `personal`, `grant/<name>`"},
     [](const DecisionLine& line) { return Text(line.record.slot); }},
    {{"delivery", "all but `leftOut`",
      "`disclose`: to the application; `inject`: used on its behalf"},
     [](const DecisionLine& line) -> ordered_json {
       if (!IsDecision(line)) return nullptr;
       return access::ToString(line.record.delivery);
     }},
    {{"outcome", "all but `leftOut`",
      "`Allow`; `Deny`: the decision is no; `Fail`: it is yes, but the "
      "credential or the upstream could not be had"},
     [](const DecisionLine& line) -> ordered_json {
       if (!IsDecision(line)) return nullptr;
       return OutcomeOf(line.record.reason);
     }},
    {{"reason", "all but `leftOut`",
      "`Allowed`, or the reason of the problem document"},
     [](const DecisionLine& line) -> ordered_json {
       if (!IsDecision(line)) return nullptr;
       return line.record.reason;
     }},
    {{"why", "where there is more to say",
      "the step that decided, also where the answer may not tell it"},
     [](const DecisionLine& line) { return Text(line.record.why); }},
    {{"vaultRequestId", "where a credential was read",
      "`request_id` of the read that brought the credential; Vault's own audit "
      "log has it"},
     [](const DecisionLine& line) {
       return Text(line.record.vault_request_id);
     }},
    {{"generation", "all but `leftOut`", "of the bindings it was decided by"},
     [](const DecisionLine& line) -> ordered_json {
       if (!IsDecision(line)) return nullptr;
       return line.record.generation;
     }},
    {{"stale", "where true", "Vault could not be asked about the credential"},
     [](const DecisionLine& line) { return Flag(line.record.stale); }},
    {{"degraded", "where true", "`onSecretFailure: Next` chose another slot"},
     [](const DecisionLine& line) { return Flag(line.record.degraded); }},
    {{"method", "`request`, `personal`", "the request's method"},
     [](const DecisionLine& line) { return Text(line.record.method); }},
    {{"target", "`request`, `session`, `file`, `test`",
      "the route's template, the database, the file's format, or the step that "
      "failed"},
     [](const DecisionLine& line) { return Text(line.record.target); }},
    {{"status", "where the upstream gave one", "the upstream's status"},
     [](const DecisionLine& line) { return Number(line.end.status); }},
    {{"bytesUp", "`request`, `session`",
      "sent upstream by all calls of the line, and `bytesDown` the other way"},
     [](const DecisionLine& line) { return Bytes(line, line.end.bytes_up); }},
    {{"bytesDown", "`request`, `session`", "see `bytesUp`"},
     [](const DecisionLine& line) { return Bytes(line, line.end.bytes_down); }},
}};
constexpr DecisionField kCount = {"count", "always",
                                  "how many calls the line stands for"};

constexpr auto Fields() {
  std::array<DecisionField, kRows.size() + 1> fields{};
  for (size_t i = 0; i < kRows.size(); ++i) fields[i] = kRows[i].field;
  fields.back() = kCount;
  return fields;
}
constexpr auto kFields = Fields();

}  // namespace

std::string_view ToString(DecisionKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::string_view OutcomeOf(std::string_view reason) {
  if (reason == "Allowed") return "Allow";
  const bool denied = std::any_of(
      kDenials.begin(), kDenials.end(),
      [&](access::Reason one) { return access::ToString(one) == reason; });
  return denied ? "Deny" : "Fail";
}

std::span<const DecisionField> DecisionFields() { return kFields; }

std::string ToJson(const DecisionLine& line) {
  ordered_json json;
  for (const Row& row : kRows) {
    ordered_json value = row.value(line);
    if (!value.is_null()) json[std::string(row.field.name)] = std::move(value);
  }
  json[std::string(kCount.name)] = line.count;
  return DumpJson(json);
}

}  // namespace claviger::sidecar
