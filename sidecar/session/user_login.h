// SPDX-License-Identifier: Apache-2.0
//
// One end user's logins to Vault by its token, and the bindings they open: its
// own role or, where no object names it, everyone's; and one per group that its
// claims are in. Vault verifies the token; with these logins only bindings can
// be read (design.md section 3). Worker thread only; blocks in Vault.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "sidecar/metrics.h"
#include "sidecar/session/documents.h"
#include "sidecar/session/user_token.h"
#include "sidecar/session/view.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "vault/auth.h"

namespace claviger::sidecar {

class UserLogin {
 public:
  /// All references outlive the object. `token` was read from `jwt`.
  UserLogin(const Settings& settings, const Dependencies& dependencies,
            Metrics& metrics, UserToken token, Secret jwt);

  /// Logs in where that has not been done, or where a login has ended, and
  /// reads the documents. kUnauthenticated where Vault does not accept the
  /// token; kTooLarge where it is in more groups than are opened for one user;
  /// else the Api's errors, and then what was known before is still good.
  Result<ViewPtr> Open(const ViewPtr& before);

  /// Ends the logins, as far as Vault can be reached.
  void Revoke();

 private:
  struct Opened {
    vault::Login login;
    std::optional<LoadedDocument> document;
  };

  Status LogIn();
  Status OpenDocuments();
  Status OpenClaimGroups();
  Result<vault::Login> LoginAs(const access::Principal& principal);
  Status Load(const access::Principal& principal, const Secret& token,
              std::optional<LoadedDocument>& document);
  ViewPtr Merge(const ViewPtr& before) const;

  const Settings& settings_;
  const Dependencies& deps_;
  Metrics& metrics_;
  const UserToken token_;
  const Secret jwt_;

  std::optional<Opened> own_;  // as the user itself
  std::optional<vault::Login> as_anyone_;
  std::optional<LoadedDocument> everyone_;
  std::map<std::string, Opened> groups_;
};

}  // namespace claviger::sidecar
