// SPDX-License-Identifier: Apache-2.0
//
// What Vault's engines lease: reading, or having made, a secret that may come
// with a lease; prolonging the lease and ending it. Stateless functions over
// the Api; thread-safe and blocking as it is.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

struct Leased {
  Secret data;           // JSON text of an object
  std::string lease_id;  // empty: no lease
  /// As Vault sent it, zero and less included; at most ten years. Without a
  /// lease it is a hint at most.
  std::chrono::seconds ttl{0};
  bool renewable = false;
  /// Vault's id of this read, as its audit log has it; empty: none that is one.
  std::string request_id = {};
};

/// GET `path`. `idempotent`: false where each read makes something new.
/// kNotFound where there is nothing, kMalformed where the answer is no secret.
Result<Leased> ReadLeased(Api& api, const Secret& token, std::string_view path,
                          bool idempotent);
/// The same for engines that want to be told something (pki, ssh): `body` is
/// the JSON text of an object.
Result<Leased> WriteLeased(Api& api, const Secret& token, std::string_view path,
                           std::string body);

struct Prolonged {
  std::chrono::seconds ttl{0};  // as in Leased
  bool renewable = false;
};
/// sys/leases/renew. kInvalidArgument where Vault does not know the lease, or
/// will not prolong it; kPermissionDenied where the token may not.
Result<Prolonged> RenewLease(Api& api, const Secret& token,
                             std::string_view lease_id,
                             std::chrono::seconds increment);
/// sys/leases/revoke, without waiting for the engine. A lease that is not
/// there any more counts as revoked.
Status RevokeLease(Api& api, const Secret& token, std::string_view lease_id);

}  // namespace claviger::vault
