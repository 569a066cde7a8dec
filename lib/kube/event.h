// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes Events: what `kubectl describe` shows below an object. As
// thread-safe as the client; blocks as its calls do.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "kube/client.h"

namespace claviger::kube {

struct EventRecord {
  Resource resource;  // of the object it is about
  ObjectName object;
  std::string uid;
  std::string resource_version;
  bool warning = false;
  std::string reason;              // CamelCase
  std::string action;              // CamelCase: what was done or tried
  std::string message;             // cut at 1,024 bytes
  std::string reporting_instance;  // the pod
  std::string name{};              // empty: the API server makes one
};

/// Writes one Event, in the object's namespace ("default" for cluster-scoped
/// ones). Never repeats it: an Event that is lost is lost. kConflict: there is
/// one of that name.
Status WriteEvent(const Client& client, const EventRecord& record, Time now);

}  // namespace claviger::kube
