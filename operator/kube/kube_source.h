// SPDX-License-Identifier: Apache-2.0
//
// The Kubernetes API as the reconciler's source of objects: protects what is
// new by our finalizer before it is compiled, and releases what is ending once
// Vault follows. Used by the reconciling thread; blocking.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "operator/kube/departures.h"
#include "operator/kube/finalizers.h"
#include "operator/kube/object_store.h"
#include "operator/kube/selection.h"
#include "operator/object_source.h"
#include "operator/pass_report.h"

namespace claviger::op {

class KubeSource final : public ObjectSource {
 public:
  /// All references outlive this object.
  KubeSource(ObjectStore& store, Finalizers& finalizers, Departures& departures,
             Logger& log);

  Result<access::SharedObjects> Read() override;
  /// A piece of the news (news_queue.h), where they are single Connections that
  /// are not ending, single Grants, and service accounts.
  std::optional<access::Edits> ReadEdits() override;
  /// False until everything was listed once.
  bool Changed() override;
  bool Edited() const override;

  /// After each pass, also those that did not read anew.
  void After(const PassReport& report);
  /// In place of passes, while Vault cannot even be asked for one.
  void WithoutVault(const Error& why);

  /// Connections that Grants keep from going, as of the last Read.
  const std::map<model::ObjectRef, std::vector<std::string>>& blocked() const {
    return selection_.blocked;
  }

 private:
  void ProtectSome();
  void Release(const std::vector<ObjectId>& going);
  void PutInForce(const access::SharedObjects& objects);
  void Report(const Status& done, std::string_view what);

  ObjectStore& store_;
  Finalizers& finalizers_;
  Departures& departures_;
  Logger& log_;

  Selection selection_;
  std::set<std::string> in_force_;  // uids
  bool has_read_ = false;
  bool pending_ = true;  // not read yet, or a finalizer could not be written
  std::string complaint_;
};

}  // namespace claviger::op
