// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/admission_review.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "base/json_member.h"
#include "model/manifests.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;

constexpr std::string_view kReviewVersion = "admission.k8s.io/v1";
constexpr std::string_view kOurGroup = "claviger.io";
constexpr std::string_view kOurVersion = "v1alpha1";
constexpr size_t kMaxUserGroups = 1'000;
// The API server shows 256 bytes of a warning, and 4 kB of all of them.
constexpr size_t kMaxWarnings = 16;
constexpr size_t kMaxWarningBytes = 240;

std::string Canonical(const json& value) {
  return value.is_null() ? std::string() : DumpJson(value);
}

std::optional<std::string> Annotation(const json& annotations,
                                      std::string_view name) {
  const json& value = MemberAt(annotations, std::string(name).c_str());
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

// Before it is stored an object may lack what decoding asks for: the name that
// will be generated, or the namespace of the request.
void Complete(json& metadata, const Review& review) {
  if (TextAt(metadata, "name").empty()) {
    std::string name = TextAt(metadata, "generateName");
    // What the API server appends is five letters and digits.
    if (!name.empty()) metadata["name"] = name + "00000";
  }
  if (review.kind != Kind::kGroup && !metadata.contains("namespace")) {
    metadata["namespace"] = review.ns;
  }
}

void TakeDecoded(model::Objects&& objects, ObjectVersion& version) {
  version.problems = std::move(objects.problems);
  if (!objects.connections.empty()) {
    version.connection = std::move(objects.connections.front());
  } else if (!objects.grants.empty()) {
    version.grant = std::move(objects.grants.front());
  } else if (!objects.groups.empty()) {
    version.group = std::move(objects.groups.front());
  }
}

ObjectVersion ReadVersion(json object, const Review& review) {
  ObjectVersion version;
  const json& spec = MemberAt(object, "spec");
  version.spec = Canonical(spec);
  version.has_owner =
      !MemberAt(spec, review.kind == Kind::kGroup ? "admins" : "owner")
           .is_null();
  json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = json::object();
  const json& annotations = MemberAt(metadata, "annotations");
  version.has_annotations = annotations.is_object();
  version.uid_stamp = Annotation(annotations, model::kConnectionUidAnnotation);
  version.endpoint_stamp =
      Annotation(annotations, model::kEndpointFingerprintAnnotation);
  const json& finalizers = MemberAt(metadata, "finalizers");
  version.has_finalizer =
      finalizers.is_array() && std::find(finalizers.begin(), finalizers.end(),
                                         model::kFinalizer) != finalizers.end();
  version.is_deleting = !MemberAt(metadata, "deletionTimestamp").is_null();
  version.owner_references = Canonical(MemberAt(metadata, "ownerReferences"));
  Complete(metadata, review);
  // The bulk of a stored object, and of no interest.
  metadata.erase("managedFields");
  object.erase("status");
  TakeDecoded(model::DecodeObject(DumpJson(object)), version);
  return version;
}

std::optional<Kind> KindOf(const json& kind) {
  if (TextAt(kind, "group") != kOurGroup ||
      TextAt(kind, "version") != kOurVersion) {
    return std::nullopt;
  }
  const std::string name = TextAt(kind, "kind");
  for (const Kind known : {Kind::kConnection, Kind::kGrant, Kind::kGroup}) {
    if (ToString(known) == name) return known;
  }
  return std::nullopt;
}

std::optional<Operation> OperationOf(const std::string& text) {
  if (text == "CREATE") return Operation::kCreate;
  if (text == "UPDATE") return Operation::kUpdate;
  if (text == "DELETE") return Operation::kDelete;
  return std::nullopt;
}

Status ReadUser(const json& info, UserInfo& out) {
  out.username = TextAt(info, "username");
  const json& groups = MemberAt(info, "groups");
  if (out.username.empty() || (!groups.is_null() && !groups.is_array()) ||
      groups.size() > kMaxUserGroups) {
    return Fail(ErrorCode::kMalformed, "admission review without a user");
  }
  for (const json& group : groups) {
    if (!group.is_string()) {
      return Fail(ErrorCode::kMalformed, "admission review with odd groups");
    }
    out.groups.push_back(group.get<std::string>());
  }
  return {};
}

Status ReadObjects(json& request, Review& review) {
  json& object = request["object"];
  json& old_object = request["oldObject"];
  const bool wants_object = review.operation != Operation::kDelete;
  const bool wants_old = review.operation != Operation::kCreate;
  if ((wants_object && !object.is_object()) ||
      (wants_old && !old_object.is_object())) {
    return Fail(ErrorCode::kMalformed, "admission review without an object");
  }
  if (review.name.empty()) {
    const json& named = wants_object ? object : old_object;
    review.name = TextAt(MemberAt(named, "metadata"), "name");
    if (review.name.empty()) {
      review.name = TextAt(MemberAt(named, "metadata"), "generateName");
    }
  }
  if (wants_object) review.object = ReadVersion(std::move(object), review);
  if (wants_old) review.old_object = ReadVersion(std::move(old_object), review);
  return {};
}

json PatchOf(const std::vector<PatchStep>& steps) {
  json patch = json::array();
  for (const PatchStep& step : steps) {
    json entry = {{"op", step.op}, {"path", step.path}};
    if (!step.value.empty()) {
      auto value = ParseJson(step.value);
      if (value) entry["value"] = *std::move(value);
    }
    patch.push_back(std::move(entry));
  }
  return patch;
}

}  // namespace

std::string_view ToString(Kind kind) {
  switch (kind) {
    case Kind::kConnection:
      return "Connection";
    case Kind::kGrant:
      return "Grant";
    case Kind::kGroup:
      return "Group";
  }
  return "";
}

std::string_view ToString(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return "create";
    case Operation::kUpdate:
      return "update";
    case Operation::kDelete:
      return "delete";
  }
  return "";
}

Result<Review> ParseReview(std::string_view body) {
  JsonLimits limits;
  limits.max_bytes = kMaxReviewBytes;
  auto parsed = ParseJson(body, limits);
  if (!parsed) return Fail(parsed.error(), "admission review");
  if (TextAt(*parsed, "apiVersion") != kReviewVersion ||
      !MemberAt(*parsed, "request").is_object()) {
    return Fail(ErrorCode::kUnsupported,
                "not an AdmissionReview of admission.k8s.io/v1");
  }
  json& request = (*parsed)["request"];
  Review review;
  review.uid = TextAt(request, "uid");
  const auto kind = KindOf(MemberAt(request, "kind"));
  const auto operation = OperationOf(TextAt(request, "operation"));
  if (review.uid.empty()) {
    return Fail(ErrorCode::kMalformed, "admission review without a uid");
  }
  if (!kind || !operation) {
    return Fail(ErrorCode::kUnsupported,
                "this webhook judges creating, updating and deleting "
                "Connections, Grants and Groups of claviger.io/v1alpha1");
  }
  review.kind = *kind;
  review.operation = *operation;
  review.sub_resource = TextAt(request, "subResource");
  review.name = TextAt(request, "name");
  if (review.kind != Kind::kGroup) review.ns = TextAt(request, "namespace");
  const json& dry_run = MemberAt(request, "dryRun");
  review.dry_run = dry_run.is_boolean() && dry_run.get<bool>();
  if (auto user = ReadUser(MemberAt(request, "userInfo"), review.user); !user) {
    return Fail(user.error());
  }
  if (auto read = ReadObjects(request, review); !read) {
    return Fail(read.error());
  }
  return review;
}

std::string WriteAnswer(std::string_view uid, const Answer& answer) {
  json response = {{"uid", uid}, {"allowed", answer.allowed}};
  if (!answer.allowed) {
    response["status"] = {{"code", answer.code}, {"message", answer.message}};
  }
  for (const std::string& warning : answer.warnings) {
    json& warnings = response["warnings"];
    if (warnings.size() >= kMaxWarnings) break;
    warnings.push_back(warning.substr(0, kMaxWarningBytes));
  }
  if (answer.allowed && !answer.patch.empty()) {
    response["patchType"] = "JSONPatch";
    response["patch"] = Base64Encode(DumpJson(PatchOf(answer.patch)));
  }
  return DumpJson(json{{"apiVersion", kReviewVersion},
                       {"kind", "AdmissionReview"},
                       {"response", std::move(response)}});
}

}  // namespace claviger::op::webhook
