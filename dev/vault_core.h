// SPDX-License-Identifier: Apache-2.0
//
// The embedded Vault without its listener: takes a request through seal, token
// and access rules to what is mounted there. Thread-safe by one lock; nothing
// in it blocks.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "dev/development_issuer.h"
#include "dev/jws.h"
#include "dev/message.h"
#include "dev/mounts.h"
#include "dev/policies.h"
#include "dev/sys_backend.h"
#include "dev/tokens.h"

namespace claviger::dev {

class VaultCore {
 public:
  /// All outlive the core. Fails where `issuer`'s key cannot be read.
  static Result<std::unique_ptr<VaultCore>> Create(Clock& clock, Random& random,
                                                   DevelopmentIssuer& issuer);
  ~VaultCore();
  VaultCore(const VaultCore&) = delete;
  VaultCore& operator=(const VaultCore&) = delete;

  const Secret& root_token() const { return root_token_; }
  http::ServerResponse Answer(http::ServerRequest&& request);
  void Seal(bool sealed);
  /// As EmbeddedVault::PutKv.
  Status PutKv(std::string_view path, std::string_view data_json);

 private:
  VaultCore(Clock& clock, Random& random, JwsKey reviewer);

  Status MountTheFirst();
  Result<std::unique_ptr<Backend>> MakeBackend(const std::string& path,
                                               Mount& mount);
  Reply Route(Request& request);
  std::optional<Reply> Health(const Request& request) const;
  Reply Serve(Request& request, const MountTable::Route& route);
  bool MayPass(Request& request, const MountTable::Route* route);

  Clock& clock_;
  Random& random_;
  const JwsKey reviewer_;
  Secret root_token_;

  std::mutex mutex_;
  StoreBudget budget_;
  TokenStore tokens_;
  PolicyStore policies_;
  MountTable mounts_;
  SysBackend* sys_ = nullptr;  // in mounts_
  bool sealed_ = false;
};

}  // namespace claviger::dev
