// SPDX-License-Identifier: Apache-2.0
//
// A whole path for tests: objects, the reconciler that writes them to a Vault
// (real or embedded, see vault_contract.h), and sidecars that log in there with
// service account tokens and serve over real Unix sockets.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/client.h"
#include "integration/vault_contract.h"
#include "operator/reconciler.h"
#include "operator/token_source.h"
#include "operator/vault_store.h"
#include "sidecar/sidecar.h"
#include "support/builders.h"
#include "support/scratch_directory.h"
#include "support/test_jwt.h"
#include "unit/sidecar/socket_client.h"
#include "vault/api.h"

namespace claviger::testing {

class SidecarBed {
 public:
  static constexpr const char* kCluster = "test";
  static constexpr const char* kAudience = "claviger-test";
  static constexpr const char* kUserAudience = "app";

  /// One for the whole run: a Vault, our mounts in it, and login methods.
  static Result<std::unique_ptr<SidecarBed>> Start();
  ~SidecarBed();

  /// Makes these objects what is wanted; everything else goes.
  void Reconcile(model::Objects objects);
  void PutSecret(const std::string& path, const std::string& json);
  Status Seal(bool sealed) { return vault_->Seal(sealed); }

  /// The configuration file of a sidecar for this service account, its token
  /// file beside it; the sidecar's files are in Folder().
  std::string WriteConfig(const model::ObjectRef& identity);
  std::string Folder() const { return folder_.path(); }

  /// A sidecar in this process, which serves at the path it returns.
  std::string Run(const model::ObjectRef& identity);
  /// Ends the sidecars that Run started.
  void StopAll();

  /// A user's token by the identity provider that Vault trusts here.
  std::string UserToken(const std::string& name,
                        const std::vector<std::string>& groups = {});

  /// A login as this service account, apart from any sidecar's.
  Result<Secret> LogIn(const model::ObjectRef& identity);
  /// The same with a token of PodToken.
  Result<Secret> LogIn(const model::ObjectRef& identity, const Secret& jwt);
  Result<std::string> PodToken(const model::ObjectRef& identity);
  vault::Api& api() { return *api_; }
  const Secret& root() const { return root_; }

  /// GET over the socket.
  static SocketAnswer Get(const std::string& socket, const std::string& target,
                          const std::string& headers = "");
  /// The same until `good` says so, for at most 30 s.
  static SocketAnswer GetUntil(
      const std::string& socket, const std::string& target,
      const std::function<bool(const SocketAnswer&)>& good);

 private:
  struct Running {
    std::unique_ptr<sidecar::Sidecar> sidecar;
    std::thread thread;
  };

  SidecarBed(std::unique_ptr<VaultUnderTest> vault,
             std::unique_ptr<http::Client> client,
             std::unique_ptr<vault::Api> api, ScratchDirectory folder);
  Status Mount();
  Status Configure(const std::string& path, const std::string& body);
  sidecar::Settings SettingsFor(const model::ObjectRef& identity);

  std::unique_ptr<VaultUnderTest> vault_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> api_;
  ScratchDirectory folder_;
  Secret root_;
  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  JwtSigner provider_;
  op::FixedToken operator_token_;
  op::VaultStore store_;
  op::Reconciler reconciler_;
  std::vector<Running> running_;
  int sockets_ = 0;
};

}  // namespace claviger::testing
