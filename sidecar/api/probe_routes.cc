// SPDX-License-Identifier: Apache-2.0
//
// The route of LocalApi by which a connection is tested: how far one comes
// with the credential that the caller would be given. The answer tells steps
// and reasons, never the secret, nor what a server said.
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "sidecar/api/decided.h"
#include "sidecar/api/local_api.h"
#include "sidecar/credentials/render.h"
#include "sidecar/proxy/credential_access.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;
using probe::Ended;
using probe::Fault;
using probe::Report;
using probe::Step;
using probe::StepReport;

ordered_json StepJson(const StepReport& step) {
  ordered_json json;
  json["step"] = ToString(step.step);
  json["outcome"] = ToString(step.ended);
  json["milliseconds"] = step.took.count();
  if (!step.note.empty()) json["note"] = step.note;
  return json;
}

// The decision is yes, and then the credential cannot be had.
bool IsOfCredential(std::string_view reason) {
  return reason == "SecretMissing" || reason == "VaultDenied" ||
         reason == "BackendUnavailable";
}

}  // namespace

struct LocalApi::Tested {
  Exchange exchange;
  SteadyTime since;
  StepReport credential;
  DecisionRecord record = {};
};

void LocalApi::Test(const http::ServerRequest& request,
                    const Exchange& exchange) {
  if (!request.body.empty()) {
    return exchange.Refuse(
        {"InvalidRequest", "a test takes no body", "leave the body out"});
  }
  if (parts_.probe == nullptr) {
    return exchange.Refuse({"CapabilityMissing",
                            "this sidecar cannot test connections",
                            "use the connection"});
  }
  const auto tested = std::make_shared<Tested>();
  tested->exchange = exchange;
  tested->since = parts_.clock.SteadyNow();
  ResolveForUse(exchange.call, [this, tested](Resolution resolution) {
    tested->credential.took = parts_.clock.SteadyNow() - tested->since;
    if (auto* resolved = std::get_if<Resolved>(&resolution)) {
      return TryOut(tested, *resolved);
    }
    auto& problem = std::get<Problem>(resolution);
    if (IsOfCredential(problem.reason)) {
      return NotHad(tested, std::move(problem));
    }
    RefuseDecided(tested->exchange, DecisionKind::kTest, std::move(problem));
  });
}

void LocalApi::NotHad(const std::shared_ptr<Tested>& tested, Problem problem) {
  // What was decided on is gone with the view, or it was decided on one.
  const ViewPtr view = parts_.session.view();
  if (view == nullptr) return tested->exchange.Refuse(problem);
  tested->record = RefusalOf(tested->exchange.call, DecisionKind::kTest, *view,
                             problem.reason, parts_.clock.Now());
  Report report;
  report.fault =
      Fault{problem.reason, std::move(problem.detail), std::move(problem.fix)};
  AnswerTest(*tested, report);
}

void LocalApi::TryOut(const std::shared_ptr<Tested>& tested,
                      const Resolved& resolved) {
  const Exchange& exchange = tested->exchange;
  tested->record = RecordOf(exchange.call, DecisionKind::kTest, resolved);
  auto fields = PickFields(*resolved.credential, resolved.vault,
                           resolved.binding->facts->credential_type);
  if (!fields) {
    Report report;
    report.fault = Fault{"SecretMissing", fields.error().message,
                         "add the field, or name the right one in keys"};
    return AnswerTest(*tested, report);
  }
  const bool taken = desk_.Ask(
      *parts_.probe, proxy::PermitOf(resolved), *std::move(fields),
      [this, tested](const Report& report) { AnswerTest(*tested, report); });
  if (taken) return;
  exchange.Refuse({"RateLimited",
                   "this connection was tested a short while ago, or too many "
                   "are being tested",
                   "test it once per change",
                   {},
                   static_cast<int>(probe::Desk::kPause.count())});
}

void LocalApi::AnswerTest(const Tested& tested, const Report& report) {
  StepReport first = tested.credential;
  // Nothing was tried with a credential that cannot be used.
  if (report.fault && report.steps.empty()) first.ended = Ended::kFailed;
  std::string_view failed;
  ordered_json steps = ordered_json::array({StepJson(first)});
  if (first.ended == Ended::kFailed) failed = ToString(first.step);
  for (const StepReport& step : report.steps) {
    steps.push_back(StepJson(step));
    if (step.ended == Ended::kFailed) failed = ToString(step.step);
  }
  DecisionRecord record = tested.record;
  if (report.fault) record.reason = report.fault->reason;
  record.target = failed;
  ordered_json body;
  body["connection"] = model::ToString(tested.exchange.call.connection);
  body["slot"] = nullptr;
  if (!record.slot.empty()) body["slot"] = record.slot;
  body["outcome"] = report.fault ? "failed" : "ok";
  if (report.fault) {
    body["step"] = failed;
    body["reason"] = report.fault->reason;
    body["detail"] = report.fault->detail;
    body["fix"] = report.fault->fix;
  }
  if (!report.server.empty()) body["server"] = report.server;
  body["steps"] = std::move(steps);
  body["decisionId"] = parts_.decisions.Note(std::move(record));
  tested.exchange.Send(JsonResponse(DumpJson(body)));
}

}  // namespace claviger::sidecar
