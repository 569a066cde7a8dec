// SPDX-License-Identifier: Apache-2.0
//
// KV versions 1 and 2: secrets without an end, compared with Vault's now and
// then. The version in the answer's metadata tells a change; a pinned version
// is read as that version. No policy opens the metadata path, which would show
// the names and times of versions that are not handed out.
#pragma once

#include <memory>

#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// `api` outlives the result, here and in the other engines.
std::unique_ptr<Engine> MakeKv1Engine(vault::Api& api);
std::unique_ptr<Engine> MakeKv2Engine(vault::Api& api);

}  // namespace claviger::sidecar
