// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/judge.h"

#include <algorithm>
#include <utility>

#include "operator/webhook/rules.h"

namespace claviger::op::webhook {
namespace {

bool SameStamps(const ObjectVersion& a, const ObjectVersion& b) {
  return a.uid_stamp == b.uid_stamp && a.endpoint_stamp == b.endpoint_stamp;
}

// Labels and annotations mean nothing here. Owner references do: whoever sets
// one can have the garbage collector delete the object.
bool ChangesMetadataOnly(const ObjectVersion& now, const ObjectVersion& old) {
  return now.spec == old.spec && now.owner_references == old.owner_references &&
         SameStamps(now, old);
}

// A namespace under deletion must always finish, and what has an owner
// reference was meant to go with its owner.
bool IsKubernetesCleaningUp(const Case& one) {
  if (one.review.operation != Operation::kDelete) return false;
  return one.requester.IsNamespaceController() ||
         (one.requester.IsGarbageCollector() &&
          !one.review.old_object->owner_references.empty());
}

Finding JudgeOperator(const Case& one) {
  const Review& review = one.review;
  if (review.operation == Operation::kUpdate &&
      ChangesMetadataOnly(*review.object, *review.old_object)) {
    return std::nullopt;
  }
  return Refused{Rule::kOperator,
                 "the operator may change finalizers, status and other "
                 "metadata, and nothing else",
                 "use an identity of your own"};
}

Finding JudgeSubResource(const Case& one) {
  if (one.requester.IsOperator() ||
      one.requester.AdministersNamespace(one.review.ns)) {
    return std::nullopt;
  }
  return Refused{Rule::kPrivilege,
                 one.review.sub_resource + " is written by the operator",
                 "leave it alone"};
}

Finding JudgeKind(const Case& one) {
  switch (one.review.kind) {
    case Kind::kConnection:
      return JudgeConnection(one);
    case Kind::kGrant: {
      auto found = JudgeGrant(one);
      if (found || one.review.operation == Operation::kDelete) return found;
      return CheckStamps(one);
    }
    case Kind::kGroup:
      return JudgeGroup(one);
  }
  return Refused{Rule::kInvalid, "unknown kind", ""};
}

Finding JudgeUpdate(const Case& one) {
  const ObjectVersion& now = *one.review.object;
  const ObjectVersion& old = *one.review.old_object;
  if (old.has_finalizer && !now.has_finalizer && !one.requester.IsOperator()) {
    return Refused{Rule::kFinalizer,
                   "the finalizer " + std::string(model::kFinalizer) +
                       " goes when its access is gone from Vault; the operator "
                       "takes it away",
                   "delete the object and wait; when uninstalling, delete the "
                   "webhook's configurations first"};
  }
  if (one.requester.IsOperator()) return JudgeOperator(one);
  if (ChangesMetadataOnly(now, old)) return std::nullopt;
  return JudgeKind(one);
}

Finding JudgeCase(const Case& one) {
  if (!one.review.sub_resource.empty()) return JudgeSubResource(one);
  if (IsKubernetesCleaningUp(one)) return std::nullopt;
  switch (one.review.operation) {
    case Operation::kUpdate:
      return JudgeUpdate(one);
    case Operation::kDelete:
      // It is on its way already: whoever repeats it changes nothing.
      if (one.review.old_object->is_deleting) return std::nullopt;
      break;
    case Operation::kCreate:
      break;
  }
  return one.requester.IsOperator() ? JudgeOperator(one) : JudgeKind(one);
}

std::string NameOf(const Review& review) {
  std::string text(ToString(review.kind));
  text += ' ';
  if (!review.ns.empty()) text += review.ns + "/";
  return text + review.name;
}

void WarnAboutSharing(const Case& one, std::vector<std::string>& warnings) {
  const auto& connection = one.review.object->connection;
  if (!connection || !connection->sharing.groups.empty()) return;
  const bool with_all =
      connection->sharing.mode == model::SharingMode::kOrganization ||
      connection->sharing.mode == model::SharingMode::kViewerCredentials;
  const auto& from = one.settings.snapshot.organization_from;
  const auto listed = [&](const std::string& ns) {
    return ns == "*" || ns == one.review.ns;
  };
  if (with_all && std::none_of(from.begin(), from.end(), listed)) {
    warnings.push_back("spec.sharing: namespace " + one.review.ns +
                       " may not share with everyone, so this sharing gives "
                       "nothing; name groups, or ask for "
                       "sharing.organizationFrom");
  }
}

std::vector<std::string> WarningsOf(const Case& one) {
  std::vector<std::string> warnings;
  if (!one.review.object) return warnings;
  for (const model::Problem& problem : one.review.object->problems) {
    if (problem.severity != model::Problem::Severity::kWarning) continue;
    warnings.push_back(problem.path + ": " + problem.what +
                       (problem.fix.empty() ? "" : "; " + problem.fix));
  }
  WarnAboutSharing(one, warnings);
  return warnings;
}

}  // namespace

std::string_view ToString(Rule rule) {
  switch (rule) {
    case Rule::kNone:
      return "none";
    case Rule::kInvalid:
      return "invalid";
    case Rule::kPrivilege:
      return "privilege";
    case Rule::kOwner:
      return "owner";
    case Rule::kConveys:
      return "conveys";
    case Rule::kGroupAdmin:
      return "group_admin";
    case Rule::kCycle:
      return "cycle";
    case Rule::kPath:
      return "path";
    case Rule::kConsent:
      return "consent";
    case Rule::kFinalizer:
      return "finalizer";
    case Rule::kOperator:
      return "operator";
    case Rule::kUnknown:
      return "unknown";
  }
  return "";
}

Verdict Refuse(const Review& review, Refused refused) {
  Verdict verdict;
  verdict.rule = refused.rule;
  verdict.stale = refused.stale;
  verdict.message = "cannot " + std::string(ToString(review.operation)) + " " +
                    NameOf(review) + ": " + refused.what;
  if (!refused.fix.empty()) verdict.message += "; " + refused.fix;
  return verdict;
}

std::string Describe(const model::Subject& subject) {
  std::string text(ToString(subject.kind));
  if (subject.kind == model::SubjectKind::kEveryone) return text;
  text += ' ';
  if (!subject.ns.empty()) text += subject.ns + "/";
  return text + subject.name;
}

std::string WhoManages(const model::Connection& connection) {
  return "its owner (" +
         (connection.owner ? Describe(*connection.owner) : "nobody") +
         "), holders of manage and administrators of namespace " +
         connection.metadata.ns + " can";
}

Refused OutOfABackup(std::string fix) {
  return {Rule::kPrivilege,
          "it was deleted before and comes from a backup, so nobody holds "
          "anything on it",
          std::move(fix)};
}

Finding CheckSound(const ObjectVersion& version) {
  std::string what;
  std::string fix;
  size_t more = 0;
  for (const model::Problem& problem : version.problems) {
    if (problem.severity == model::Problem::Severity::kWarning) continue;
    if (!what.empty()) {
      ++more;
      continue;
    }
    what = (problem.path.empty() ? "" : problem.path + ": ") + problem.what;
    fix = problem.fix;
  }
  const bool decoded = version.connection || version.grant || version.group;
  if (what.empty() && decoded) return std::nullopt;
  if (what.empty()) what = "it cannot be read";
  if (more > 0) what += " (and " + std::to_string(more) + " more)";
  return Refused{Rule::kInvalid, std::move(what), std::move(fix)};
}

Verdict Judge(const View& view, const Settings& settings, const Review& review,
              Time now) {
  const Requester requester(view, settings, review.user);
  const Case one{view, settings, review, requester, now};
  if (auto found = JudgeCase(one)) return Refuse(review, *std::move(found));
  Verdict verdict;
  verdict.allowed = true;
  verdict.warnings = WarningsOf(one);
  return verdict;
}

Answer ToAnswer(Verdict verdict) {
  Answer answer;
  answer.allowed = verdict.allowed;
  answer.message = std::move(verdict.message);
  answer.warnings = std::move(verdict.warnings);
  answer.patch = std::move(verdict.patch);
  if (answer.allowed) return answer;
  switch (verdict.rule) {
    case Rule::kInvalid:
    case Rule::kCycle:
      answer.code = 422;
      break;
    case Rule::kUnknown:
    case Rule::kConsent:
      answer.code = 409;
      break;
    default:
      answer.code = 403;
  }
  return answer;
}

}  // namespace claviger::op::webhook
