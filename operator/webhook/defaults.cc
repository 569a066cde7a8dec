// SPDX-License-Identifier: Apache-2.0
//
// What the webhook writes into objects before they are judged.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/names.h"
#include "operator/webhook/rules.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;

json ToJson(const model::Subject& subject) {
  json value = {{"kind", ToString(subject.kind)}, {"name", subject.name}};
  if (!subject.ns.empty()) value["namespace"] = subject.ns;
  return value;
}

// Who a Connection or Group belongs to when it does not say: its creator; on a
// later write that leaves it out, whoever it was.
std::vector<PatchStep> DefaultOwner(const Case& one) {
  const Review& review = one.review;
  const model::Subject self = one.requester.AsSubject();
  if (review.object->has_owner || review.object->spec.empty()) return {};
  const bool creates = review.operation == Operation::kCreate;
  if (review.kind == Kind::kGroup) {
    if (!creates || !IsUserName(self.name)) return {};
    return {{"add", "/spec/admins", DumpJson(json::array({ToJson(self)}))}};
  }
  const auto& old = review.old_object;
  if (!creates && old->connection && old->connection->owner) {
    return {{"add", "/spec/owner", DumpJson(ToJson(*old->connection->owner))}};
  }
  if (!IsUserName(self.name)) return {};
  return {{"add", "/spec/owner", DumpJson(ToJson(self))}};
}

// "claviger.io/x" as one part of a JSON pointer.
std::string PointerTo(std::string_view annotation) {
  std::string text = "/metadata/annotations/";
  for (const char c : annotation) {
    if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

void SetAnnotation(const std::optional<std::string>& has,
                   const std::string& wants, std::string_view name,
                   std::vector<PatchStep>& patch) {
  if (has.value_or("") == wants && has.has_value() == !wants.empty()) return;
  if (wants.empty()) {
    patch.push_back({"remove", PointerTo(name), ""});
  } else {
    patch.push_back({"add", PointerTo(name), DumpJson(json(wants))});
  }
}

std::vector<PatchStep> Stamp(const ObjectVersion& version,
                             const model::Stamp& stamp) {
  std::vector<PatchStep> patch;
  if (!version.has_annotations) {
    patch.push_back({"add", "/metadata/annotations", "{}"});
  }
  SetAnnotation(version.uid_stamp, stamp.connection_uid,
                model::kConnectionUidAnnotation, patch);
  SetAnnotation(version.endpoint_stamp, stamp.endpoint_fingerprint,
                model::kEndpointFingerprintAnnotation, patch);
  const bool only_made_room = patch.size() == 1 && !version.has_annotations;
  return only_made_room ? std::vector<PatchStep>() : patch;
}

// Stamps are consent, so only a write by somebody who may write this Grant
// renews them; any other (a label, a finalizer) carries the old ones on.
Verdict DefaultGrant(const Case& one) {
  Verdict verdict;
  const Review& review = one.review;
  const bool updates = review.operation == Operation::kUpdate;
  if (!review.object->grant) {
    verdict.allowed = true;  // Judge says what is wrong with it
    return verdict;
  }
  const bool carries_on =
      updates && (one.requester.IsOperator() || JudgeGrant(one));
  if (carries_on) {
    const ObjectVersion& old = *review.old_object;
    verdict.patch = Stamp(*review.object, {old.uid_stamp.value_or(""),
                                           old.endpoint_stamp.value_or("")});
    verdict.allowed = true;
    return verdict;
  }
  const auto stamp = StampFor(one.view, *review.object->grant);
  if (!stamp) return Refuse(review, *CheckStamps(one));
  verdict.patch = Stamp(*review.object, *stamp);
  verdict.allowed = true;
  return verdict;
}

}  // namespace

Verdict Default(const View& view, const Settings& settings,
                const Review& review, Time now) {
  const Requester requester(view, settings, review.user);
  const Case one{view, settings, review, requester, now};
  Verdict verdict;
  verdict.allowed = true;
  if (!review.object || !review.sub_resource.empty()) return verdict;
  if (review.kind == Kind::kGrant) return DefaultGrant(one);
  verdict.patch = DefaultOwner(one);
  return verdict;
}

}  // namespace claviger::op::webhook
