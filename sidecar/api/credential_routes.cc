// SPDX-License-Identifier: Apache-2.0
//
// The routes of LocalApi that hand a credential out, or have one fetched anew.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "base/json.h"
#include "sidecar/api/connection_json.h"
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
                           const CachePartitions& partitions) {
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
  const std::string before = DumpJson(head);
  const std::string after = DumpJson(tail);
  std::string body;
  body.reserve(before.size() + after.size() + data.Reveal().size() + 16);
  body.append(before, 0, before.size() - 1);
  body.append(",\"data\":").append(data.Reveal()).append(",");
  body.append(after, 1);
  return body;
}

}  // namespace

void LocalApi::GiveCredential(const Exchange& exchange) {
  resolver_.Resolve(
      exchange.call.connection, exchange.call.slot, access::Delivery::kDisclose,
      [this, exchange](Resolution resolution) {
        if (auto* problem = std::get_if<Problem>(&resolution)) {
          return RefuseCredential(exchange, *problem);
        }
        AnswerCredential(exchange, std::get<Resolved>(resolution));
      });
}

void LocalApi::RefuseCredential(const Exchange& exchange,
                                const Problem& problem) {
  if (const ViewPtr view = parts_.session.view()) {
    access::Question question;
    question.delivery = access::Delivery::kDisclose;
    question.slot = exchange.call.slot;
    question.carrier = view->carrier;
    audit_.Refused(*view, exchange.call, question, problem.reason);
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
  if (auto body = parts_.served.Find(call.connection, call.slot, state)) {
    return exchange.Send(JsonResponse(std::move(*body), true));
  }
  const Result<Secret> data =
      RenderFields(*resolved.credential, resolved.vault,
                   resolved.binding->facts->credential_type);
  if (!data) {
    return exchange.Refuse({"SecretMissing", data.error().message,
                            "add the field, or name the right one in keys"});
  }
  std::string body = CredentialBody(resolved, state, *data, partitions_);
  parts_.served.Put({call.connection, call.slot, resolved.slot,
                     CredentialKey(resolved.vault)},
                    std::move(state), body);
  audit_.Given(*resolved.view, call, resolved.slot);
  exchange.Send(JsonResponse(std::move(body), true));
}

void LocalApi::RefuseUsersCredential(const Exchange& exchange,
                                     const View& view) {
  access::Question question;
  question.delivery = exchange.call.route == Route::kCredential
                          ? access::Delivery::kDisclose
                          : access::Delivery::kInject;
  question.slot = exchange.call.slot;
  question.carrier = view.carrier;
  const access::Decision decision = access::Decide(
      access::FindBinding(view.bindings, exchange.call.connection), question,
      parts_.clock.Now());
  if (!decision.allowed()) {
    audit_.Refused(view, exchange.call, question,
                   access::ToString(decision.reason));
    return exchange.Refuse(FromDecision(decision));
  }
  exchange.Refuse(
      {"VaultDenied",
       "the user may use slot " + decision.slot +
           ", but a user's login reads bindings only: credentials for users "
           "are read by the carrier, which this sidecar cannot do yet",
       "ask for the credential as the pod itself, without "
       "X-Claviger-User-Token"});
}

void LocalApi::ReportFailed(const Exchange& exchange) {
  const Call& call = exchange.call;
  // Whoever may use it may say that it does not work, disclosed or not.
  resolver_.Resolve(call.connection, call.slot, access::Delivery::kInject,
                    [this, exchange](Resolution resolution) {
                      if (auto* resolved = std::get_if<Resolved>(&resolution)) {
                        return Refetch(exchange, *resolved);
                      }
                      const auto& problem = std::get<Problem>(resolution);
                      if (problem.reason != "InjectionUnsupported") {
                        return exchange.Refuse(problem);
                      }
                      resolver_.Resolve(
                          exchange.call.connection, exchange.call.slot,
                          access::Delivery::kDisclose,
                          [this, exchange](Resolution again) {
                            if (auto* found = std::get_if<Resolved>(&again)) {
                              return Refetch(exchange, *found);
                            }
                            exchange.Refuse(std::get<Problem>(again));
                          });
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
  parts_.log.Info("credential reported as failed",
                  {{"connection", model::ToString(exchange.call.connection)},
                   {"slot", resolved.slot}});
  const model::VaultRef vault = resolved.vault;
  const std::string slot = resolved.slot;
  const auto ended = [this, exchange, vault, slot](FetchOutcome outcome) {
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
