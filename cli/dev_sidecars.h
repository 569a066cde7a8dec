// SPDX-License-Identifier: Apache-2.0
//
// The sidecars of a development run: one for each service account, each on a
// Unix socket and threads of its own. Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "cli/context.h"
#include "cli/dev_vault.h"
#include "model/object.h"
#include "sidecar/sidecar.h"

namespace claviger::cli {

class DevSidecars {
 public:
  /// What a script needs to know of one.
  struct Place {
    model::ObjectRef account;
    std::string socket;
    std::string token_file;  // the account's token, mode 0600
    std::string role;        // to log in to Vault with it
    std::vector<sidecar::proxy::OpenListener> listeners;
    std::string secret_file;  // what their ports ask for; empty: no listeners
  };

  /// `directory` holds the sockets and exists; both references outlive this.
  DevSidecars(std::string directory, DevVault& vault, Context& context);
  /// Drains and ends all of them, and removes their files.
  ~DevSidecars();
  DevSidecars(const DevSidecars&) = delete;
  DevSidecars& operator=(const DevSidecars&) = delete;

  /// Starts one more, which listens as `wanted` says. Its own errors;
  /// kInvalidArgument where the socket's path is too long for the system.
  Status Start(const model::ObjectRef& account,
               std::vector<providers::ListenWish> wanted);

  /// Waits until all answer. kDeadlineExceeded, or kUnavailable where the end
  /// was asked for meanwhile.
  Status WaitUntilReady();

  const std::vector<Place>& places() const { return places_; }

 private:
  struct Running {
    std::unique_ptr<sidecar::Sidecar> sidecar;
    std::thread thread;
  };

  Result<Place> Prepare(const model::ObjectRef& account);
  bool IsReady(const Running& running);

  const std::string directory_;
  DevVault& vault_;
  Context& context_;
  std::vector<Place> places_;
  std::vector<Running> running_;
};

}  // namespace claviger::cli
