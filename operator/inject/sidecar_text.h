// SPDX-License-Identifier: Apache-2.0
//
// The configuration that all sidecars of an installation share, as one line of
// JSON (keys of docs/reference/sidecar-config.md). It stands in the pod as an
// argument, and letter for letter in the guard, so it is always written the
// same way and holds no letter that either would read as more than itself.
// Pure.
#pragma once

#include <string>

#include "base/result.h"

namespace claviger::op::inject {

struct SidecarFacts {
  std::string cluster;
  std::string vault_address;
  std::string vault_ca;         // PEM; empty: the image's authorities
  std::string vault_namespace;  // this and what follows: empty: left out
  std::string mount;
  std::string auth_kind;
  std::string auth_mount;
  std::string user_auth_mount;
  std::string user_claim;  // of users, where they have a mount
  bool push = false;       // they have a token to be told of changes
};

/// kInvalidArgument: Vault is not reached by TLS (containers of a pod share its
/// network, where a login could be read), or a text has letters that cannot
/// stand in it, or the authorities are more than 32 KiB.
Result<std::string> SidecarText(const SidecarFacts& facts);

}  // namespace claviger::op::inject
