// SPDX-License-Identifier: Apache-2.0
//
// What `claviger vault setup` makes in Vault, one thing after the other, and
// only where it is not there yet. Used by one thread; blocking.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "model/object.h"
#include "operator/config.h"
#include "vault/api.h"

namespace claviger::cli {

/// How Vault is to verify service accounts' tokens. All may be empty: then what
/// is configured stays, and what is not is left to the administrator.
struct TokenTrust {
  std::string kubernetes_host;    // kubernetes: the API server's URL
  std::string kubernetes_ca;      // its authorities, PEM
  Secret reviewer_token;          // may create TokenReviews
  std::vector<std::string> keys;  // jwt: public keys, PEM
  std::string discovery_url;      // jwt: or the issuer's URL
  std::string discovery_ca;       // its authorities, PEM
};

struct SetupStep {
  enum class State {
    kPresent,  // as it should be already
    kDone,
    kWould,  // a dry run
    kLeft,   // for the administrator, see note
  };
  std::string what;  // "policy claviger.prod-eu.operator"
  State state = State::kPresent;
  std::string note;
};
std::string_view ToString(SetupStep::State state);

class VaultSetup {
 public:
  /// References outlive this object. `pause` waits a moment and says whether to
  /// go on: a new KV mount takes that long to take its settings.
  VaultSetup(vault::Api& api, const Secret& token, const op::Config& config,
             bool dry_run, std::function<bool()> pause)
      : api_(api),
        token_(token),
        config_(config),
        dry_run_(dry_run),
        pause_(std::move(pause)) {}

  /// Does all of it; ends with the first error. What is there and is not ours
  /// to change (a mount of another type) is kConflict.
  Status Run(const TokenTrust& trust, const model::ObjectRef& account);

  /// What was done so far.
  const std::vector<SetupStep>& steps() const { return steps_; }

 private:
  Status EnsureMount();
  Status EnsureMountSettings();
  Status EnsureAuthMount(const std::string& mount, const std::string& kind);
  Status EnsureTrust(const TokenTrust& trust);
  Status EnsurePolicy();
  Status EnsureRole(const model::ObjectRef& account);
  /// Records the step, and does it unless this is a dry run.
  Status Do(std::string what, std::string note,
            const std::function<Status()>& action);
  void Present(std::string what);
  void Leave(std::string what, std::string note);
  Status Write(const std::string& path, std::string body);

  vault::Api& api_;
  const Secret& token_;
  const op::Config& config_;
  bool dry_run_;
  std::function<bool()> pause_;
  std::vector<SetupStep> steps_;
};

}  // namespace claviger::cli
