// SPDX-License-Identifier: Apache-2.0
//
// What must follow from a change without being asked for: credentials of slots
// that are lost are dropped at once, by a change of bindings or by a window
// that ends, and those who watch are told. Worker thread only.
#pragma once

#include <string>

#include "base/clock.h"
#include "sidecar/api/served.h"
#include "sidecar/api/watch_hub.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/personal/slots.h"
#include "sidecar/session/view.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

class Upkeep {
 public:
  /// All references outlive the object.
  Upkeep(const Clock& clock, Worker& worker, CredentialCache& cache,
         const PersonalSlots& personal, ServedAnswers& served, WatchHub& watch)
      : clock_(clock),
        worker_(worker),
        cache_(cache),
        personal_(personal),
        served_(served),
        watch_(watch) {}

  /// The pod's bindings are these now.
  void OnView(const ViewPtr& view);
  /// A cached credential was replaced in Vault, or is not to be had there.
  void OnCredential(const std::string& key, bool gone);

 private:
  void Review();
  void ReviewServed(const ServedSlot& slot);
  const access::Binding* OwnerOfPersonal(const std::string& key) const;
  void ReviewPersonal(const access::Binding& binding);
  void ArmNextWindow();

  const Clock& clock_;
  Worker& worker_;
  CredentialCache& cache_;
  const PersonalSlots& personal_;
  ServedAnswers& served_;
  WatchHub& watch_;
  ViewPtr view_;
  Worker::TimerId timer_ = 0;
};

}  // namespace claviger::sidecar
