// SPDX-License-Identifier: Apache-2.0
//
// A Vault in memory, for `claviger dev` and for fast tests: speaks Vault's HTTP
// API on a loopback port of its own, served by a thread of its own. Behaves as
// the real one in what claviger uses (the same contract suite runs on both),
// keeps nothing, and is never linked into operator or sidecar. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "dev/development_issuer.h"

namespace claviger::dev {

class EmbeddedVault {
 public:
  /// Expiry of tokens and logins follows `clock`. All three outlive the vault.
  struct Options {
    Clock& clock;
    Random& random;
    Logger& log;
  };

  /// Initialised and unsealed, with the policies `default` and `root`, and with
  /// nothing mounted but sys/ and auth/token/. kUnavailable when no port is to
  /// be had.
  static Result<std::unique_ptr<EmbeddedVault>> Start(const Options& options);
  ~EmbeddedVault();
  EmbeddedVault(const EmbeddedVault&) = delete;
  EmbeddedVault& operator=(const EmbeddedVault&) = delete;

  /// "http://127.0.0.1:<port>".
  const std::string& address() const;
  const Secret& root_token() const;

  /// Sealed: everything but health answers 503. Nothing is lost.
  void Seal(bool sealed);

  /// Writes one KV secret: `path` as people write it, "secret/sales/warehouse".
  /// A missing mount ("secret") is made, as KV version 2. `data_json` is an
  /// object. kInvalidArgument for a path or data that KV would not take.
  Status PutKv(std::string_view path, std::string_view data_json);

  /// Stands in for the cluster and for the identity provider: its service
  /// account tokens pass every kubernetes login here; for jwt logins its public
  /// keys are configured like anybody's.
  DevelopmentIssuer& issuer();

 private:
  struct Impl;
  explicit EmbeddedVault(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::dev
