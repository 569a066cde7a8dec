// SPDX-License-Identifier: Apache-2.0
//
// Certificates of the PKI engine, issued to the pod's service account: the
// common name is "<service account>.<namespace>", so that a role which allows
// the subdomains of one namespace gives certificates to that namespace only.
#pragma once

#include <memory>

#include "model/object.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// `clock` outlives the result.
std::unique_ptr<Engine> MakePkiEngine(vault::Api& api, const Clock& clock,
                                      const model::ObjectRef& identity);

}  // namespace claviger::sidecar
