// SPDX-License-Identifier: Apache-2.0
//
// The routes of LocalApi that hand a credential out, or have one fetched anew.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "base/json.h"
#include "providers/aws_credentials.h"
#include "sidecar/api/connection_json.h"
#include "sidecar/api/decided.h"
#include "sidecar/api/local_api.h"
#include "sidecar/credentials/render.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;

// Until when the answer may be relied on without asking again.
std::optional<Time> Soonest(const std::optional<Time>& a,
                            const std::optional<Time>& b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

// `data` is put in as text, so that no JSON tree ever holds the secret here.
std::string CredentialBody(const Resolved& resolved, const ServedState& state,
                           const Secret& data,
                           const CachePartitions& partitions,
                           const std::string& decision_id) {
  const access::ConnectionFacts& facts = *resolved.binding->facts;
  ordered_json head;
  head["connection"] = model::ToString(facts.ref);
  head["slot"] = resolved.slot;
  head["type"] = facts.credential_type;
  ordered_json tail;
  tail["expiresAt"] = TimeJson(state.expires_at);
  tail["stale"] = state.stale;
  if (state.degraded) tail["degraded"] = true;
  tail["generation"] = state.generation;
  tail["cachePartition"] = partitions.Of(facts, resolved.slot, resolved.vault,
                                         resolved.view->caller);
  tail["decisionId"] = decision_id;
  const std::string before = DumpJson(head);
  const std::string after = DumpJson(tail);
  std::string body;
  body.reserve(before.size() + after.size() + data.Reveal().size() + 16);
  body.append(before, 0, before.size() - 1);
  body.append(",\"data\":").append(data.Reveal()).append(",");
  body.append(after, 1);
  return body;
}

Problem UsersAreReadBindingsOnly(const std::string& slot) {
  return {"VaultDenied",
          "the user may use slot " + slot +
              ", but a user's login reads bindings only: credentials for users "
              "are read by the carrier, which this sidecar cannot do yet",
          "ask for the credential as the pod itself, without "
          "X-Claviger-User-Token"};
}

}  // namespace

void LocalApi::GiveCredential(const Exchange& exchange) {
  resolver_.Resolve(
      exchange.call.connection, exchange.call.slot, access::Delivery::kDisclose,
      [this, exchange](Resolution resolution) {
        if (auto* problem = std::get_if<Problem>(&resolution)) {
          return RefuseDecided(exchange, DecisionKind::kCredential,
                               std::move(*problem));
        }
        const auto& resolved = std::get<Resolved>(resolution);
        exchange.call.route == Route::kAws
            ? AnswerAws(exchange, resolved)
            : AnswerCredential(exchange, resolved);
      });
}

void LocalApi::RefuseDecided(const Exchange& exchange, DecisionKind kind,
                             Problem problem) {
  // Without a view nothing was decided.
  if (const ViewPtr view = parts_.session.view()) {
    problem.decision_id = parts_.decisions.Note(RefusalOf(
        exchange.call, kind, *view, problem.reason, parts_.clock.Now()));
  }
  exchange.Refuse(problem);
}

void LocalApi::AnswerCredential(const Exchange& exchange,
                                const Resolved& resolved) {
  const Call& call = exchange.call;
  ServedState state;
  state.slot = resolved.slot;
  state.generation = resolved.view->generation;
  state.credential = resolved.credential;
  state.stale = resolved.stale;
  state.degraded = resolved.degraded;
  state.expires_at = Soonest(resolved.expires_at, resolved.valid_until);
  if (auto found = parts_.served.Find(call.connection, call.slot, state)) {
    parts_.decisions.Done(found->decision);
    return exchange.Send(JsonResponse(std::move(found->body), true));
  }
  const Result<Secret> data =
      RenderFields(*resolved.credential, resolved.vault,
                   resolved.binding->facts->credential_type);
  if (!data) {
    return RefuseDecided(exchange, DecisionKind::kCredential,
                         {"SecretMissing", data.error().message,
                          "add the field, or name the right one in keys"});
  }
  const DecisionLog::Ticket decision = parts_.decisions.Open(
      RecordOf(call, DecisionKind::kCredential, resolved));
  std::string body = CredentialBody(resolved, state, *data, partitions_,
                                    DecisionLog::IdOf(decision));
  parts_.served.Put({call.connection, call.slot, resolved.slot,
                     CredentialKey(resolved.vault)},
                    std::move(state), body, decision);
  parts_.decisions.Done(decision);
  exchange.Send(JsonResponse(std::move(body), true));
}

// As the SDKs ask for it at AWS_CONTAINER_CREDENTIALS_FULL_URI; some of them
// refuse an answer without a Token.
void LocalApi::AnswerAws(const Exchange& exchange, const Resolved& resolved) {
  const access::ConnectionFacts& facts = *resolved.binding->facts;
  if (facts.credential_type != "aws-static") {
    return exchange.Refuse({"InvalidRequest",
                            "the connection's credential is of type " +
                                facts.credential_type +
                                ", and AWS takes aws-static",
                            "ask for /credential"});
  }
  const auto fields =
      PickFields(*resolved.credential, resolved.vault, facts.credential_type);
  if (!fields) {
    return exchange.Refuse({"SecretMissing", fields.error().message,
                            "add the field, or name the right one in keys"});
  }
  const auto text = [&fields](const char* name) {
    const auto found = fields->find(name);
    return std::string(found == fields->end() ? "" : found->second.Reveal());
  };
  ordered_json answer;
  answer["AccessKeyId"] = text("access_key_id");
  answer["SecretAccessKey"] = text("secret_access_key");
  answer["Token"] = text("session_token");
  answer["Expiration"] = FormatRfc3339(providers::AwsExpiration(
      parts_.clock.Now(), Soonest(resolved.expires_at, resolved.valid_until)));
  std::string body = DumpJson(answer);
  for (auto& value : answer) WipeString(value.get_ref<std::string&>());
  parts_.decisions.Note(
      RecordOf(exchange.call, DecisionKind::kCredential, resolved));
  exchange.Send(JsonResponse(std::move(body), true));
}

void LocalApi::RefuseUsersCredential(const Exchange& exchange,
                                     const View& view) {
  const Call& call = exchange.call;
  const DecisionKind kind = KindOf(call.route);
  const Time now = parts_.clock.Now();
  const access::Decision decision =
      access::Decide(access::FindBinding(view.bindings, call.connection),
                     QuestionOf(call, kind, view), now);
  Problem problem = decision.allowed() ? UsersAreReadBindingsOnly(decision.slot)
                                       : FromDecision(decision);
  problem.decision_id =
      parts_.decisions.Note(RefusalOf(call, kind, view, problem.reason, now));
  exchange.Refuse(problem);
}

void LocalApi::ResolveForUse(const Call& call,
                             const CredentialResolver::Done& done) {
  // Whoever may use it, disclosed or not.
  resolver_.Resolve(
      call.connection, call.slot, access::Delivery::kInject,
      [this, call, done](Resolution resolution) {
        const auto* problem = std::get_if<Problem>(&resolution);
        if (problem == nullptr || problem->reason != "InjectionUnsupported") {
          return done(std::move(resolution));
        }
        resolver_.Resolve(call.connection, call.slot,
                          access::Delivery::kDisclose, done);
      });
}

void LocalApi::ReportFailed(const Exchange& exchange) {
  ResolveForUse(exchange.call, [this, exchange](Resolution resolution) {
    if (auto* resolved = std::get_if<Resolved>(&resolution)) {
      return Refetch(exchange, *resolved);
    }
    RefuseDecided(exchange, DecisionKind::kReport,
                  std::move(std::get<Problem>(resolution)));
  });
}

void LocalApi::Refetch(const Exchange& exchange, const Resolved& resolved) {
  if (!parts_.refetches.May(exchange.call.connection)) {
    const auto pause = std::chrono::duration_cast<std::chrono::seconds>(
        parts_.settings.intervals.report_failed);
    return exchange.Refuse(
        {"RateLimited",
         "this connection was reported a short while ago",
         "go on with the credential that GET credential gives",
         {},
         std::max(1, static_cast<int>(pause.count()))});
  }
  const std::string decision = parts_.decisions.Note(
      RecordOf(exchange.call, DecisionKind::kReport, resolved));
  const model::VaultRef vault = resolved.vault;
  const std::string slot = resolved.slot;
  const auto ended = [this, exchange, vault, slot,
                      decision](FetchOutcome outcome) {
    if (outcome == FetchOutcome::kFailed) {
      const Known known = parts_.cache.Find(vault);
      return exchange.Refuse(
          FromFetchError(known.error.value_or(Error{ErrorCode::kUnavailable,
                                                    "dropped", std::nullopt}),
                         "the credential of slot " + slot));
    }
    ordered_json body;
    body["connection"] = model::ToString(exchange.call.connection);
    body["slot"] = slot;
    body["outcome"] =
        outcome == FetchOutcome::kUnchanged ? "Unchanged" : "Rotated";
    body["decisionId"] = decision;
    exchange.Send(JsonResponse(DumpJson(body)));
  };
  if (!parts_.cache.Replace(vault, ended)) {
    exchange.Refuse({"BackendUnavailable",
                     "too much is waiting for vault already",
                     "try again in a moment",
                     {},
                     1});
  }
}

}  // namespace claviger::sidecar
