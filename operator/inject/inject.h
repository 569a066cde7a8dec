// SPDX-License-Identifier: Apache-2.0
//
// The injector: what becomes of a new pod that carries our label, as a pure
// function. It adds the sidecar as a native one, its token, the socket's volume
// and the application's way to it (docs/reference/injection.md), or refuses
// with what to change. A pod that was injected before, a copy of one too, is
// brought to what would be written now: injecting twice is injecting once.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/object.h"
#include "operator/inject/connections.h"
#include "operator/inject/settings.h"
#include "operator/json_patch.h"

namespace claviger::op::inject {

/// Whether the API server knows init containers that keep running.
enum class NativeSidecars { kUnknown, kNo, kYes };

struct Surroundings {
  std::string ns;  // of the request: a new pod need not say it
  NativeSidecars native_sidecars = NativeSidecars::kUnknown;
  /// The variables of a connection for a service account; VariablesOf's. Unset
  /// while the objects are not known.
  std::function<std::optional<Variables>(const model::ObjectRef& connection,
                                         const model::ObjectRef& account)>
      variables_of;
  /// What that account's sidecar listens with for a connection; ProtocolFor's.
  /// Unset likewise.
  std::function<std::optional<providers::Protocol>(
      const model::ObjectRef& connection, const model::ObjectRef& account)>
      protocol_for;
  /// Why the sidecar of a service account may not write such a file;
  /// FindFileRefusal's. Unset likewise.
  std::function<std::optional<std::string>(const providers::FileWish& wish,
                                           const model::ObjectRef& account)>
      file_refusal;
};

struct Outcome {
  bool allowed = false;
  std::string message;           // of a refusal: what is wrong, and the fix
  std::vector<PatchStep> patch;  // none: the pod is as it should be
};

Outcome Inject(const nlohmann::json& pod, const Settings& settings,
               const Surroundings& surroundings);

}  // namespace claviger::op::inject
