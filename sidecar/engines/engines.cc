// SPDX-License-Identifier: Apache-2.0
#include "sidecar/engines/engines.h"

#include "sidecar/engines/kv.h"
#include "sidecar/engines/leased.h"
#include "sidecar/engines/pki.h"
#include "sidecar/engines/ssh.h"
#include "sidecar/engines/static_role.h"

namespace claviger::sidecar {

using Name = model::Engine;

Engines::Engines(vault::Api& api, const Clock& clock, Random& random,
                 const model::ObjectRef& identity) {
  engines_.emplace(Name::kKv1, MakeKv1Engine(api));
  engines_.emplace(Name::kKv2, MakeKv2Engine(api));
  engines_.emplace(Name::kDatabase,
                   MakeLeasedEngine(api, {{"rsa_private_key", "private_key"}}));
  engines_.emplace(Name::kDatabaseStatic, MakeStaticRoleEngine(api));
  engines_.emplace(Name::kLdap, MakeLeasedEngine(api));
  engines_.emplace(Name::kLdapStatic, MakeStaticRoleEngine(api));
  engines_.emplace(Name::kAws,
                   MakeLeasedEngine(api, {{"access_key", "access_key_id"},
                                          {"secret_key", "secret_access_key"},
                                          {"security_token", "session_token"},
                                          {"session_token", "session_token"}}));
  engines_.emplace(Name::kPki, MakePkiEngine(api, clock, identity));
  engines_.emplace(Name::kSsh, MakeSshEngine(api, clock, random));
  engines_.emplace(Name::kRead, MakeLeasedEngine(api));
}

Engine& Engines::Of(model::Engine engine) const { return *engines_.at(engine); }

}  // namespace claviger::sidecar
