// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/finalizers.h"

#include <utility>

namespace claviger::op {
namespace {

// Of an object that others write at the same time.
constexpr int kMoreTries = 2;

bool IsConflict(const Status& done) {
  return !done && done.error().code == ErrorCode::kConflict;
}

Status GoneIsFine(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {};
  return Fail(error);
}

}  // namespace

const kube::Resource& ResourceOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kGrant:
      return kube::kGrants;
    case ObjectKind::kGroup:
      return kube::kGroups;
    case ObjectKind::kConnection:
      break;
  }
  return kube::kConnections;
}

Finalizers::Finalizers(const kube::Client& client, ObjectStore& store,
                       std::function<bool()> may_write)
    : client_(client), store_(store), may_write_(std::move(may_write)) {}

Status Finalizers::Protect(const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : ids) {
    if (Status done = Set(id, true); !done) return done;
  }
  return {};
}

Status Finalizers::Release(const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : ids) {
    if (Status done = Set(id, false); !done) return done;
  }
  return {};
}

Status Finalizers::Set(const ObjectId& id, bool on) {
  if (!may_write_()) {
    return Fail(ErrorCode::kUnavailable, "write finalizers: not the leader");
  }
  Status done = Try(id, on);
  for (int i = 0; i < kMoreTries && IsConflict(done); ++i) {
    // Its status was written meanwhile, most likely by ourselves.
    const std::optional<SeenObject> seen = store_.Find(id);
    if (!seen) return {};
    const Result<std::string> now =
        client_.Get(ResourceOf(id.kind), {id.ref.ns, id.ref.name});
    if (!now) return GoneIsFine(now.error());
    done = store_.PutOver(id.kind, *now, *seen);
    if (done) done = Try(id, on);
  }
  return done;
}

Status Finalizers::Try(const ObjectId& id, bool on) {
  const std::optional<SeenObject> seen = store_.Find(id);
  if (!seen || seen->has_finalizer == on || seen->is_ending == on) return {};
  std::vector<std::string> finalizers = seen->other_finalizers;
  if (on) finalizers.emplace_back(model::kFinalizer);
  const Result<std::string> written =
      client_.PatchFinalizers(ResourceOf(id.kind), {id.ref.ns, id.ref.name},
                              finalizers, seen->resource_version);
  if (!written) return GoneIsFine(written.error());
  // The answer to taking off the last finalizer is the object as it was when
  // it went; its end comes as an event.
  return store_.PutOver(id.kind, *written, *seen);
}

}  // namespace claviger::op
