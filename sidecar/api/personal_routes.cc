// SPDX-License-Identifier: Apache-2.0
//
// The routes of LocalApi by which a caller keeps a credential of its own.
// What is stored never comes back by them: GET tells what kind it is, when it
// was stored and by which fingerprint to know it.
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "base/json.h"
#include "sidecar/api/decided.h"
#include "sidecar/api/local_api.h"
#include "sidecar/personal/record.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;

Problem FromStoreError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict:
      return {"VersionMoved", "what is stored is not what the call is about",
              "look at it with GET, then decide again"};
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kInvalidArgument:
      return FromFetchError(error, "the slot of the caller's own credential");
    default:
      return {"BackendUnavailable",
              "vault cannot be asked now; whether anything was changed is not "
              "known (" +
                  std::string(ToString(error.code)) + ")",
              "look at it with GET, then try again",
              {},
              1};
  }
}

http::ServerResponse PersonalAnswer(const access::ConnectionFacts& facts,
                                    const Credential& record,
                                    const std::string& decision_id) {
  const PersonalSummary summary = SummaryOf(record);
  const bool fits = IsForConnection(record, facts);
  ordered_json body;
  body["connection"] = model::ToString(facts.ref);
  body["stored"] = true;
  body["counts"] = fits;
  if (!fits) body["detail"] = "EndpointChanged";
  body["type"] = summary.type;
  body["fingerprint"] = summary.fingerprint;
  body["storedAt"] = summary.stored_at;
  body["version"] = record.version;
  const std::string tag = TagOf(record);
  body["tag"] = tag;
  body["decisionId"] = decision_id;
  http::ServerResponse response = JsonResponse(DumpJson(body));
  response.headers.emplace_back("ETag", '"' + tag + '"');
  return response;
}

http::ServerResponse NothingStored(const access::ConnectionFacts& facts,
                                   const std::string& decision_id) {
  ordered_json body;
  body["connection"] = model::ToString(facts.ref);
  body["stored"] = false;
  body["decisionId"] = decision_id;
  return JsonResponse(DumpJson(body));
}

Problem Moved() {
  return FromStoreError({ErrorCode::kConflict, "condition", std::nullopt});
}

Problem TooOften(std::chrono::seconds pause) {
  return {"RateLimited",
          "the caller's own credential was asked about or changed too often",
          "do it once per change",
          {},
          static_cast<int>(pause.count())};
}

// Why the caller has no slot here although it may use the connection.
Problem NoSlot(const access::ConnectionFacts& facts, bool allowed) {
  if (allowed) {
    return {"CapabilityMissing",
            "vault opens this service account no place for own credentials: "
            "the operator does not know the account's uid",
            "in manifests, give the ServiceAccount its metadata.uid"};
  }
  return {"NotEligible",
          "callers do not bring their own credential to " +
              model::ToString(facts.ref),
          "have the connection's mode be Layered or PerUser, with "
          "allowPersonal"};
}

}  // namespace

void LocalApi::Personal(const http::ServerRequest& request,
                        const Exchange& exchange) {
  WithView(request, exchange, [&](const View& view) {
    const Time now = parts_.clock.Now();
    const access::Binding* binding =
        access::FindBinding(view.bindings, exchange.call.connection);
    const access::Decision decision = access::Decide(
        binding, QuestionOf(exchange.call, DecisionKind::kPersonal, view), now);
    // Without an injector it can still be read by the caller.
    if (!decision.allowed() &&
        decision.reason != access::Reason::kInjectionUnsupported) {
      return RefuseOwn(exchange, FromDecision(decision));
    }
    const auto ref = parts_.personal.RefOf(view, *binding, now);
    if (!ref && view.account_differs &&
        access::ReachesPersonal(*binding, view.carrier, now)) {
      return RefuseOwn(exchange, AnotherAccount());
    }
    if (!ref) {
      return RefuseOwn(
          exchange, NoSlot(*binding->facts, access::ReachesPersonal(
                                                *binding, view.carrier, now)));
    }
    const OwnSlot slot{exchange, *ref, binding->facts};
    if (request.method == "PUT") return StorePersonal(request, slot);
    if (request.method == "GET") return ShowPersonal(slot);
    RemovePersonal(request, slot);
  });
}

void LocalApi::RefuseOwn(const Exchange& exchange, Problem problem) {
  RefuseDecided(exchange, DecisionKind::kPersonal, std::move(problem));
}

std::string LocalApi::NoteOwn(const Exchange& exchange) {
  const ViewPtr view = parts_.session.view();
  if (view == nullptr) return "";
  return parts_.decisions.Note(
      RecordOf(exchange.call, DecisionKind::kPersonal, *view));
}

void LocalApi::StorePersonal(const http::ServerRequest& request,
                             const OwnSlot& slot) {
  auto condition = Condition::Of(request.headers);
  if (const auto* problem = std::get_if<Problem>(&condition)) {
    return slot.exchange.Refuse(*problem);
  }
  Result<Secret> record = MakePersonalRecord(request.body, *slot.facts,
                                             parts_.clock.Now(), parts_.random);
  if (!record) {
    return slot.exchange.Refuse({"InvalidRequest", record.error().message,
                                 "send a JSON object with the keys of type " +
                                     slot.facts->credential_type +
                                     ", each a text"});
  }
  const auto shared = std::make_shared<const Secret>(std::move(*record));
  PostChange(slot,
             [this, slot, shared, condition = std::get<Condition>(condition)] {
               WritePersonal(slot, *shared, condition);
             });
}

Result<LocalApi::Stored> LocalApi::ReadStored(const OwnSlot& slot) const {
  Stored stored;
  Result<vault::KvSecret> read = parts_.store.read(slot.ref);
  if (!read && read.error().code != ErrorCode::kNotFound) {
    return Fail(std::move(read.error()));
  }
  if (read) {
    stored.version = read->version;
    Result<std::map<std::string, Secret>> fields = FieldsOf(read->data);
    if (fields) stored.record = {std::move(*fields), read->version};
    return stored;
  }
  // What somebody deleted in Vault has its version still.
  const Result<int64_t> version = parts_.store.version(slot.ref);
  if (!version) return Fail(version.error());
  stored.version = *version;
  return stored;
}

void LocalApi::WritePersonal(const OwnSlot& slot, const Secret& record,
                             const Condition& condition) {
  const Result<Stored> before = ReadStored(slot);
  if (!before) return RefuseOwn(slot.exchange, FromStoreError(before.error()));
  if (!condition.Holds(before->known()))
    return RefuseOwn(slot.exchange, Moved());
  const Result<int64_t> version =
      parts_.store.write(slot.ref, record, before->version);
  if (!version) return ChangeFailed(slot, version.error());
  Result<std::map<std::string, Secret>> fields = FieldsOf(record);
  if (!fields) return ChangeFailed(slot, fields.error());
  parts_.log.Info("own credential stored",
                  {{"connection", model::ToString(slot.facts->ref)},
                   {"version", *version}});
  const auto written = std::make_shared<const Credential>(
      Credential{std::move(*fields), *version});
  Changed(slot, [this, slot, written] {
    slot.exchange.Send(
        PersonalAnswer(*slot.facts, *written, NoteOwn(slot.exchange)));
  });
}

// From here on it is what this sidecar serves.
void LocalApi::Changed(const OwnSlot& slot,
                       const std::function<void()>& answer) {
  const auto read_again = [this, slot, answer](FetchOutcome outcome) {
    if (outcome == FetchOutcome::kFailed) parts_.cache.Forget(slot.ref);
    if (outcome == FetchOutcome::kNew) parts_.store.changed(slot.ref);
    answer();
  };
  if (!parts_.cache.Replace(slot.ref, read_again)) {
    read_again(FetchOutcome::kFailed);
  }
}

void LocalApi::ChangeFailed(const OwnSlot& slot, const Error& error) {
  // Whether it was changed nevertheless is found out as soon as Vault answers.
  if (error.code != ErrorCode::kConflict) {
    parts_.cache.Replace(slot.ref, [](FetchOutcome) {});
  }
  RefuseOwn(slot.exchange, FromStoreError(error));
}

void LocalApi::ShowPersonal(const OwnSlot& slot) {
  if (!looks_.Take(slot.facts->ref, parts_.clock.SteadyNow())) {
    return slot.exchange.Refuse(TooOften(kLookPause));
  }
  Post(slot.exchange, [this, slot] {
    Result<vault::KvSecret> stored = parts_.store.read(slot.ref);
    if (!stored && stored.error().code == ErrorCode::kNotFound) {
      return slot.exchange.Send(
          NothingStored(*slot.facts, NoteOwn(slot.exchange)));
    }
    if (!stored) {
      return RefuseOwn(
          slot.exchange,
          FromFetchError(stored.error(),
                         "the slot of the caller's own credential"));
    }
    Result<std::map<std::string, Secret>> fields = FieldsOf(stored->data);
    if (!fields) {
      return RefuseOwn(
          slot.exchange,
          FromFetchError(fields.error(),
                         "the slot of the caller's own credential"));
    }
    slot.exchange.Send(PersonalAnswer(
        *slot.facts, Credential{std::move(*fields), stored->version},
        NoteOwn(slot.exchange)));
  });
}

void LocalApi::RemovePersonal(const http::ServerRequest& request,
                              const OwnSlot& slot) {
  auto condition = Condition::Of(request.headers);
  if (const auto* problem = std::get_if<Problem>(&condition)) {
    return slot.exchange.Refuse(*problem);
  }
  if (std::get<Condition>(condition).nothing()) {
    return slot.exchange.Refuse({"InvalidRequest",
                                 "the call removes what must not be there",
                                 "leave If-None-Match out"});
  }
  PostChange(slot, [this, slot, condition = std::get<Condition>(condition)] {
    RemoveStored(slot, condition);
  });
}

void LocalApi::RemoveStored(const OwnSlot& slot, const Condition& condition) {
  if (condition.any()) {
    const Result<Stored> before = ReadStored(slot);
    if (!before)
      return RefuseOwn(slot.exchange, FromStoreError(before.error()));
    if (!condition.Holds(before->known()))
      return RefuseOwn(slot.exchange, Moved());
  }
  const Status removed = parts_.store.remove(slot.ref);
  if (!removed) return ChangeFailed(slot, removed.error());
  parts_.log.Info("own credential removed",
                  {{"connection", model::ToString(slot.facts->ref)}});
  Changed(slot, [this, slot] {
    slot.exchange.Send(NothingStored(*slot.facts, NoteOwn(slot.exchange)));
  });
}

void LocalApi::PostChange(const OwnSlot& slot, Worker::Job job) {
  if (!changes_.Take(slot.facts->ref, parts_.clock.SteadyNow())) {
    return slot.exchange.Refuse(TooOften(kChangePause));
  }
  Post(slot.exchange, std::move(job));
}

void LocalApi::Post(const Exchange& exchange, Worker::Job job) {
  if (parts_.worker.Post(std::move(job))) return;
  exchange.Refuse({"BackendUnavailable",
                   "too much is waiting for vault already",
                   "try again in a moment",
                   {},
                   1});
}

}  // namespace claviger::sidecar
