// SPDX-License-Identifier: Apache-2.0
//
// What `claviger vault doctor` looks at: one check after the other, each of
// which notes what it found. Nothing is written but a login that is ended
// again. Used by one thread; blocking.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/object.h"
#include "operator/config.h"
#include "vault/api.h"
#include "vault/sys.h"

namespace claviger::cli {

struct Finding {
  enum class Kind {
    kFine,
    kProblem,    // something does not work, or is not safe
    kUnchecked,  // could not be looked at
  };
  Kind kind = Kind::kFine;
  std::string check;  // "operator role": stable, for programs
  std::string what;   // what was seen
  std::string why;    // why it matters; empty for what is fine
  std::string fix;
};
std::string_view ToString(Finding::Kind kind);

class VaultDoctor {
 public:
  /// References outlive this object. `bare` is the same Vault without the
  /// configured namespace.
  VaultDoctor(vault::Api& api, vault::Api& bare, const op::Config& config,
              const Clock& clock)
      : api_(api), bare_(bare), config_(config), clock_(clock) {}

  /// The configuration by itself.
  void CheckConfig();
  /// Reachable, trusted, unsealed, of the same time. False where nothing more
  /// can be learned.
  bool CheckServer();
  /// False where Vault does not take the token (in that namespace).
  bool CheckToken(const Secret& token);
  /// What setup makes, and the mounts that Connections may name.
  void CheckMounts(const Secret& token);
  void CheckAuth(const Secret& token);
  void CheckOperator(const Secret& token, const model::ObjectRef& account);
  /// Logs in as the operator would, and logs out. An administrator's token,
  /// where there is one, shows its rights: the operator may not ask for them.
  void CheckLogin(const Secret& service_account_token,
                  const Secret* administrator);

  void Unchecked(std::string check, std::string what, std::string fix);
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  void Fine(std::string check, std::string what);
  void Problem(std::string check, std::string what, std::string why,
               std::string fix);
  /// An answer that did not come, by its code.
  void CannotRead(std::string check, const Error& error);
  void CheckClock(const nlohmann::json& health);
  void CheckCredentialMount(const std::map<std::string, vault::Mount>& mounts,
                            const access::MountRule& rule);
  void CheckKubernetesConfig(const nlohmann::json& config);
  void CheckJwtConfig(const nlohmann::json& config);
  void CheckRole(const nlohmann::json& role, const model::ObjectRef& account);
  bool CheckClaims(const Secret& service_account_token);
  void CheckRights(const Secret& operator_token, const Secret& administrator);
  std::string SetupCommand() const;

  vault::Api& api_;
  vault::Api& bare_;
  const op::Config& config_;
  const Clock& clock_;
  std::vector<Finding> findings_;
};

}  // namespace claviger::cli
