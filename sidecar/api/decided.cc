// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/decided.h"

#include <string>
#include <vector>

#include "access/bindings_document.h"
#include "sidecar/personal/slots.h"

namespace claviger::sidecar {
namespace {

// What is no name at all is not repeated into the log.
std::string NameOf(const Call& call) {
  return call.possible ? model::ToString(call.connection) : "(no name)";
}

}  // namespace

DecisionKind KindOf(Route route) {
  switch (route) {
    case Route::kReportFailed:
      return DecisionKind::kReport;
    case Route::kTest:
      return DecisionKind::kTest;
    default:
      return DecisionKind::kCredential;
  }
}

access::Question QuestionOf(const Call& call, DecisionKind kind,
                            const View& view) {
  access::Question question;
  const bool used =
      kind == DecisionKind::kReport || kind == DecisionKind::kTest;
  question.delivery =
      used ? access::Delivery::kInject : access::Delivery::kDisclose;
  question.slot = call.slot;
  question.carrier = view.carrier;
  if (kind == DecisionKind::kPersonal) {
    question.slot = kPersonalSlot;
    question.enrolled = true;  // whether it may be stored, not whether it is
  }
  return question;
}

DecisionRecord RecordOf(const Call& call, DecisionKind kind, const View& view) {
  DecisionRecord record;
  record.kind = kind;
  record.delivery = QuestionOf(call, kind, view).delivery;
  if (view.caller.kind == access::Caller::Kind::kUser) {
    record.user = view.caller.name;
  }
  record.connection = NameOf(call);
  record.generation = view.generation;
  if (kind == DecisionKind::kPersonal) {
    record.slot = kPersonalSlot;
    record.method = call.method;
  }
  return record;
}

DecisionRecord RecordOf(const Call& call, DecisionKind kind,
                        const Resolved& resolved) {
  DecisionRecord record = RecordOf(call, kind, *resolved.view);
  record.slot = resolved.slot;
  record.vault_request_id = resolved.credential->request_id;
  record.stale = resolved.stale;
  record.degraded = resolved.degraded;
  return record;
}

DecisionRecord RefusalOf(const Call& call, DecisionKind kind, const View& view,
                         std::string_view reason, Time now) {
  DecisionRecord record = RecordOf(call, kind, view);
  record.reason = reason;
  std::vector<access::Step> steps;
  const access::Decision decision =
      access::Decide(access::FindBinding(view.bindings, call.connection),
                     QuestionOf(call, kind, view), now, &steps);
  if (decision.allowed()) record.slot = decision.slot;
  record.why = steps.empty() ? "unknown here" : steps.back().result;
  return record;
}

}  // namespace claviger::sidecar
