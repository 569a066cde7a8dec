// SPDX-License-Identifier: Apache-2.0
//
// The real claviger-sidecar process before an embedded Vault that the
// reconciler has filled: one connection, one disclosable KV credential. For
// benchmarks. One thread.
#pragma once

#include <memory>
#include <string>

#include "support/process.h"
#include "support/scratch_directory.h"

namespace claviger::bench {

class SidecarBed {
 public:
  /// Starts Vault and sidecar and waits until the credential is served; exits
  /// the process with a message where that fails.
  SidecarBed();
  ~SidecarBed();

  const std::string& socket() const { return socket_; }
  std::string InScratch(const std::string& name) const;
  /// A GET of the credential, with its blank line.
  static std::string CredentialRequest();
  /// The sidecar's anonymous resident memory in kB (RssAnon).
  long AnonymousKilobytes() const;
  long ResidentKilobytes() const;

 private:
  struct Vault;

  testing::ScratchDirectory directory_;
  std::unique_ptr<Vault> vault_;
  std::string socket_;
  std::unique_ptr<testing::Process> sidecar_;
};

}  // namespace claviger::bench
