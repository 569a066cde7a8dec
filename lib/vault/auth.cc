// SPDX-License-Identifier: Apache-2.0
#include "vault/auth.h"

#include <utility>

#include "base/json.h"
#include "vault/approle.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

std::string RolePath(std::string_view mount, std::string_view name) {
  return "auth/" + std::string(mount) + "/role/" + std::string(name);
}

Status CheckRole(std::string_view mount, std::string_view name) {
  if (Status fine = CheckPath("auth mount", mount); !fine) return fine;
  return CheckSegment("role", name);
}

bool IsTrue(const nlohmann::json* value) {
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

// The parts of a login that `auth` (logins, renewals) and `data` (lookups)
// share under different names.
Result<Login> ReadLogin(const Document& document, std::string_view object,
                        std::string_view lifetime, Secret token) {
  const Result<int64_t> seconds = document.Integer({object, lifetime});
  if (!seconds) return Fail(seconds.error());
  Result<std::vector<std::string>> policies =
      document.Strings({object, "policies"});
  if (!policies) return Fail(std::move(policies).error());
  Login login;
  login.token = std::move(token);
  // Batch tokens have no accessor.
  login.accessor = document.String({object, "accessor"}).value_or("");
  login.lease_duration = std::chrono::seconds(std::max<int64_t>(*seconds, 0));
  login.renewable = IsTrue(document.Find({object, "renewable"}));
  login.policies = *std::move(policies);
  return login;
}

// What every login method is told and says.
Result<Login> LogIn(Api& api, std::string_view mount,
                    Result<std::string> body) {
  if (!body) return Fail(std::move(body).error());
  Call call;
  call.verb = Verb::kWrite;
  call.path = "auth/" + std::string(mount) + "/login";
  call.body = *std::move(body);
  call.idempotent = false;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  Result<std::string> token = document->String({"auth", "client_token"});
  if (!token) return Fail(std::move(token).error());
  return ReadLogin(*document, "auth", "lease_duration",
                   Secret(*std::move(token)));
}

}  // namespace

Result<Login> LoginWithJwt(Api& api, std::string_view mount,
                           std::string_view role, const Secret& jwt) {
  if (Status fine = CheckRole(mount, role); !fine) {
    return Fail(std::move(fine).error());
  }
  return LogIn(api, mount,
               PlainObject({{"role", role}, {"jwt", jwt.Reveal()}}));
}

Result<Login> LoginWithAppRole(Api& api, std::string_view mount,
                               const Secret& role_id, const Secret& secret_id) {
  if (Status fine = CheckPath("auth mount", mount); !fine) {
    return Fail(std::move(fine).error());
  }
  if (secret_id.empty()) {
    return LogIn(api, mount, PlainObject({{"role_id", role_id.Reveal()}}));
  }
  return LogIn(api, mount,
               PlainObject({{"role_id", role_id.Reveal()},
                            {"secret_id", secret_id.Reveal()}}));
}

Result<Login> LoginWithToken(Api& api, Secret token) {
  Call call;
  call.path = "auth/token/lookup-self";
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  return ReadLogin(*document, "data", "ttl", std::move(token));
}

Result<Login> RenewSelf(Api& api, const Secret& token,
                        std::chrono::seconds increment) {
  Call call;
  call.verb = Verb::kWrite;
  call.path = "auth/token/renew-self";
  call.body = "{\"increment\":" + std::to_string(increment.count()) + "}";
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  return ReadLogin(*document, "auth", "lease_duration", token.Clone());
}

Status RevokeSelf(Api& api, const Secret& token) {
  Call call;
  call.verb = Verb::kWrite;
  call.path = "auth/token/revoke-self";
  call.token = &token;
  // A second one is refused, which would look like a failure.
  call.idempotent = false;
  return DoOnly(api, call);
}

Status RevokeAccessor(Api& api, const Secret& token,
                      std::string_view accessor) {
  Result<std::string> body = PlainObject({{"accessor", accessor}});
  if (!body) return Fail(std::move(body).error());
  Call call;
  call.verb = Verb::kWrite;
  call.path = "auth/token/revoke-accessor";
  call.body = *std::move(body);
  call.token = &token;
  Status done = DoOnly(api, call);
  // 400: no such accessor.
  if (!done && done.error().code == ErrorCode::kInvalidArgument) return {};
  return done;
}

Result<std::string> ReadRole(Api& api, const Secret& token,
                             std::string_view mount, std::string_view name) {
  if (Status fine = CheckRole(mount, name); !fine) {
    return Fail(std::move(fine).error());
  }
  Call call;
  call.path = RolePath(mount, name);
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  const nlohmann::json* role = document->Find({"data"});
  if (role == nullptr || !role->is_object()) {
    return Fail(ErrorCode::kMalformed,
                "read " + call.path + ": the answer holds no role");
  }
  return DumpJson(*role);
}

Status WriteRole(Api& api, const Secret& token, std::string_view mount,
                 std::string_view name, std::string json) {
  if (Status fine = CheckRole(mount, name); !fine) return fine;
  Call call;
  call.verb = Verb::kWrite;
  call.path = RolePath(mount, name);
  call.body = std::move(json);
  call.token = &token;
  return DoOnly(api, call);
}

Status DeleteRole(Api& api, const Secret& token, std::string_view mount,
                  std::string_view name) {
  if (Status fine = CheckRole(mount, name); !fine) return fine;
  Call call;
  call.path = RolePath(mount, name);
  call.token = &token;
  return DoDelete(api, call);
}

Result<std::vector<std::string>> ListRoles(Api& api, const Secret& token,
                                           std::string_view mount) {
  if (Status fine = CheckPath("auth mount", mount); !fine) {
    return Fail(std::move(fine).error());
  }
  return DoList(api, token, "auth/" + std::string(mount) + "/role");
}

}  // namespace claviger::vault
