// SPDX-License-Identifier: Apache-2.0
//
// From the company's own fields to what a credential type needs: renamed by
// the reference's `keys`, checked for completeness, and nothing else let out.
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "model/vault_ref.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// Whether everything that `type` ("password") requires is there. kNotFound
/// names our key and the company's field, never a value.
Status CheckFields(const Credential& credential, const model::VaultRef& ref,
                   std::string_view type);

/// The fields of `type` by our names; CheckFields' errors.
Result<std::map<std::string, Secret>> PickFields(const Credential& credential,
                                                 const model::VaultRef& ref,
                                                 std::string_view type);

/// The fields of `type` as JSON text of an object, keys sorted; CheckFields'
/// errors.
Result<Secret> RenderFields(const Credential& credential,
                            const model::VaultRef& ref, std::string_view type);

}  // namespace claviger::sidecar
