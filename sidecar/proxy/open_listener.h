// SPDX-License-Identifier: Apache-2.0
//
// A listener of a server-side-only connection that is open, as the local API
// shows it. A plain value.
#pragma once

#include <string>

#include "providers/listeners.h"

namespace claviger::sidecar::proxy {

struct OpenListener {
  providers::ListenWish wish;  // with the real port, where it has one
  std::string socket;          // as of SocketOf: empty, if too long
};

}  // namespace claviger::sidecar::proxy
