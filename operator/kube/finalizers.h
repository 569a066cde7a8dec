// SPDX-License-Identifier: Apache-2.0
//
// Our finalizer on objects: put on before an object's first effect in Vault,
// taken off after its last, so that no deletion goes unseen. Used by one
// thread; blocking.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "operator/kube/object_store.h"

namespace claviger::op {

/// The collection that objects of this kind are in.
const kube::Resource& ResourceOf(ObjectKind kind);

class Finalizers {
 public:
  /// Both outlive this object. `may_write` is asked before each write: false
  /// ends the work (kUnavailable), as when leadership was lost.
  Finalizers(const kube::Client& client, ObjectStore& store,
             std::function<bool()> may_write);

  /// Puts it on; what the API server answers is in the store at once. The
  /// first error ends it; kConflict where an object keeps changing.
  Status Protect(const std::vector<ObjectId>& ids);

  /// Takes it off ending objects.
  Status Release(const std::vector<ObjectId>& ids);

 private:
  Status Set(const ObjectId& id, bool on);
  Status Try(const ObjectId& id, bool on);

  const kube::Client& client_;
  ObjectStore& store_;
  const std::function<bool()> may_write_;
};

}  // namespace claviger::op
