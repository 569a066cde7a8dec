// SPDX-License-Identifier: Apache-2.0
//
// The oracle's own parts: what the objects say, whoever asks. Pure.
#pragma once

#include <string>

#include "model/objects.h"

namespace claviger::testing {

/// As the catalogue says, for the providers of random worlds.
bool OracleHasInjector(const std::string& provider);

/// Null where it is unknown.
const model::Connection* FindConnection(const model::Objects& objects,
                                        const model::ObjectRef& ref);

/// Whether any slot or connection, active or not, valid or not, that names this
/// path is server-side-only.
bool IsServerSideOnlyPath(const model::Objects& objects,
                          const std::string& api_path);

}  // namespace claviger::testing
