// SPDX-License-Identifier: Apache-2.0
//
// Logins and token self-service. Stateless functions over the Api; thread-safe
// and blocking as it is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

/// A token and what Vault said about it.
struct Login {
  Secret token;
  std::string accessor;
  std::chrono::seconds lease_duration{0};  // 0: does not expire
  bool renewable = false;
  std::vector<std::string> policies;
};

/// POST auth/<mount>/login with {"role","jwt"}: the same call for the
/// kubernetes and the jwt method. kPermissionDenied (403: refused),
/// kInvalidArgument (400: no such role, or a jwt the method does not take),
/// and the Api's errors. Never retried here.
Result<Login> LoginWithJwt(Api& api, std::string_view mount,
                           std::string_view role, const Secret& jwt);

/// A given token looked up (auth/token/lookup-self): token login.
Result<Login> LoginWithToken(Api& api, Secret token);

/// auth/token/renew-self; the answer's new lifetime.
Result<Login> RenewSelf(Api& api, const Secret& token,
                        std::chrono::seconds increment);

/// auth/token/revoke-self: the token and its leases end.
Status RevokeSelf(Api& api, const Secret& token);

/// auth/token/revoke-accessor: another's token ends, known by its accessor
/// only. One that is not there any more counts as revoked.
Status RevokeAccessor(Api& api, const Secret& token, std::string_view accessor);

/// One role of an auth mount (kubernetes or jwt), as JSON text of an object.
/// Read gives Vault's normalised form; kNotFound where there is none.
Result<std::string> ReadRole(Api& api, const Secret& token,
                             std::string_view mount, std::string_view name);
Status WriteRole(Api& api, const Secret& token, std::string_view mount,
                 std::string_view name, std::string json);
/// Absent counts as deleted.
Status DeleteRole(Api& api, const Secret& token, std::string_view mount,
                  std::string_view name);
Result<std::vector<std::string>> ListRoles(Api& api, const Secret& token,
                                           std::string_view mount);

}  // namespace claviger::vault
