// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_review.h"

#include <utility>

#include "base/json.h"
#include "base/json_member.h"
#include "base/names.h"
#include "operator/webhook/admission_review.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;

bool IsNewPod(const json& review) {
  return TextAtPath(review, "/request/kind/group").empty() &&
         TextAtPath(review, "/request/kind/version") == "v1" &&
         TextAtPath(review, "/request/kind/kind") == "Pod" &&
         TextAtPath(review, "/request/subResource").empty() &&
         TextAtPath(review, "/request/operation") == "CREATE";
}

}  // namespace

Result<PodReview> ParsePodReview(std::string_view body) {
  JsonLimits limits;
  limits.max_bytes = kMaxReviewBytes;
  auto parsed = ParseJson(body, limits);
  if (!parsed) return Fail(parsed.error(), "admission review");
  if (TextAtPath(*parsed, "/apiVersion") != "admission.k8s.io/v1" ||
      TextAtPath(*parsed, "/kind") != "AdmissionReview") {
    return Fail(ErrorCode::kUnsupported,
                "not an AdmissionReview of admission.k8s.io/v1");
  }
  if (!IsNewPod(*parsed)) {
    return Fail(ErrorCode::kUnsupported, "this page judges new pods");
  }
  PodReview review;
  review.uid = TextAtPath(*parsed, "/request/uid");
  review.ns = TextAtPath(*parsed, "/request/namespace");
  const json::json_pointer object("/request/object");
  if (review.uid.empty() || !IsDnsLabel(review.ns) ||
      !parsed->contains(object) || !parsed->at(object).is_object()) {
    return Fail(ErrorCode::kMalformed,
                "admission review without uid, namespace or pod");
  }
  review.pod = std::move(parsed->at(object));
  review.name = TextAtPath(review.pod, "/metadata/name");
  if (review.name.empty()) {
    review.name = TextAtPath(review.pod, "/metadata/generateName");
  }
  return review;
}

}  // namespace claviger::op::webhook
