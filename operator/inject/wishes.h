// SPDX-License-Identifier: Apache-2.0
//
// What a pod asks of the injector, by its annotations: where the socket goes,
// which connections get variables and files, and how much the sidecar may use.
// Nothing else can be asked for. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "operator/inject/settings.h"
#include "providers/file_formats.h"
#include "providers/listeners.h"

namespace claviger::op::inject {

struct Wishes {
  /// Names of containers, init containers among them; never empty.
  std::vector<std::string> containers;
  std::vector<model::ObjectRef> connections;
  /// Of these connections, and no others.
  std::vector<providers::FileWish> files;
  std::string files_mode;    // empty: the sidecar's default
  std::string files_notify;  // empty: nobody is told
  /// Whatever the sidecar serves by sockets on ports of loopback, too.
  bool tcp = false;
  /// Of those connections whose secret never leaves the sidecar; sorted. Filled
  /// in from what is known of them, not read.
  std::vector<providers::ListenWish> listeners;
  Resources resources;
  std::string log_level;
};

/// Of a pod with a sound spec. kInvalidArgument: an annotation of ours that is
/// unknown, malformed, or names a container or connection that is not there;
/// the message says which and what to write.
Result<Wishes> ReadWishes(const nlohmann::json& pod, const Settings& settings);

}  // namespace claviger::op::inject
