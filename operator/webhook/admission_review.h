// SPDX-License-Identifier: Apache-2.0
//
// admission.k8s.io/v1 AdmissionReview in and out. What arrives is bounded and
// decoded once, here: the objects by the decoding that the operator itself
// uses, so that both read the same thing. Plain values; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/objects.h"
#include "operator/json_patch.h"

namespace claviger::op::webhook {

inline constexpr size_t kMaxReviewBytes = size_t{3} << 20U;

enum class Kind { kConnection, kGrant, kGroup };
std::string_view ToString(Kind kind);  // "Connection", "Grant", "Group"

enum class Operation { kCreate, kUpdate, kDelete };
std::string_view ToString(Operation operation);  // "create", "update", "delete"

/// Who sent the request to the API server.
struct UserInfo {
  std::string username;
  std::vector<std::string> groups;
};

/// One version of the object under review. At most one of the three is set;
/// none where it cannot be decoded, and `problems` say why.
struct ObjectVersion {
  std::optional<model::Connection> connection;
  std::optional<model::Grant> grant;
  std::optional<model::Group> group;
  std::vector<model::Problem> problems;

  // What the typed value does not say. Texts are canonical: equal where the
  // JSON is, whatever its order.
  std::string spec;
  std::string owner_references;
  bool has_annotations = false;
  bool has_finalizer = false;
  bool has_owner = false;  // spec.owner or, of a Group, spec.admins is given
  bool is_deleting = false;
  std::optional<std::string> uid_stamp;
  std::optional<std::string> endpoint_stamp;
};

struct Review {
  std::string uid;
  Kind kind = Kind::kConnection;
  Operation operation = Operation::kCreate;
  std::string sub_resource;
  std::string ns;    // empty for a Group
  std::string name;  // of `generateName`: its beginning
  UserInfo user;
  bool dry_run = false;
  std::optional<ObjectVersion> object;      // not when deleting
  std::optional<ObjectVersion> old_object;  // not when creating
};

struct Answer {
  bool allowed = false;
  int code = 200;       // of a refusal: 400, 403, 409, 422, 503
  std::string message;  // of a refusal
  std::vector<std::string> warnings;
  std::vector<PatchStep> patch;
};

/// Reads a review. kTooLarge or kMalformed; kUnsupported for another version
/// of AdmissionReview, and for objects that are none of ours.
Result<Review> ParseReview(std::string_view body);

/// The answer's body, for the review of that uid.
std::string WriteAnswer(std::string_view uid, const Answer& answer);

}  // namespace claviger::op::webhook
