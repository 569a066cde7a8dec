// SPDX-License-Identifier: Apache-2.0
//
// From informers to the ObjectStore. What cannot be taken is logged and passed
// over: one bad object never holds up the others. Called on the informers'
// threads.
#pragma once

#include "base/log.h"
#include "kube/informer.h"
#include "operator/kube/object_store.h"
#include "operator/kube/uninjected_pods.h"

namespace claviger::op {

/// Of Connections, Grants or Groups.
class ObjectSink final : public kube::InformerSink {
 public:
  /// Both outlive this object.
  ObjectSink(ObjectKind kind, ObjectStore& store, Logger& log)
      : kind_(kind), store_(store), log_(log) {}

  void OnObject(const kube::ObjectView& object, Seen seen) override;
  void OnDeleted(const kube::ObjectName& name, const std::string& uid,
                 Gone gone) override;
  void OnSynced() override;

 private:
  const ObjectKind kind_;
  ObjectStore& store_;
  Logger& log_;
};

/// Of pods labelled for injection: as which service account they run, and
/// whether they have the sidecar.
class PodSink final : public kube::InformerSink {
 public:
  /// All outlive this object.
  PodSink(ObjectStore& store, UninjectedPods& uninjected, Logger& log)
      : store_(store), uninjected_(uninjected), log_(log) {}

  void OnObject(const kube::ObjectView& object, Seen seen) override;
  void OnDeleted(const kube::ObjectName& name, const std::string& uid,
                 Gone gone) override;
  void OnSynced() override;

 private:
  ObjectStore& store_;
  UninjectedPods& uninjected_;
  Logger& log_;
};

/// Of service accounts, of which the uid matters.
class AccountSink final : public kube::InformerSink {
 public:
  /// The store outlives this object.
  explicit AccountSink(ObjectStore& store) : store_(store) {}

  void OnObject(const kube::ObjectView& object, Seen seen) override;
  void OnDeleted(const kube::ObjectName& name, const std::string& uid,
                 Gone gone) override;
  void OnSynced() override;

 private:
  ObjectStore& store_;
};

}  // namespace claviger::op
