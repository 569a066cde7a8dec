// SPDX-License-Identifier: Apache-2.0
//
// The real claviger-sidecar process before an embedded Vault that the
// reconciler has filled: connections with a disclosable KV credential each. For
// benchmarks. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "support/process.h"
#include "support/scratch_directory.h"

namespace claviger::bench {

class SidecarBed {
 public:
  /// Starts Vault and sidecar and waits until the credential is served; exits
  /// the process with a message where that fails.
  explicit SidecarBed(int connections = 1);
  ~SidecarBed();

  /// Ends the sidecar and starts it anew: how long it took from there to the
  /// first credential.
  std::chrono::duration<double, std::milli> Restart();

  const std::string& socket() const { return socket_; }
  std::string InScratch(const std::string& name) const;
  /// A GET of a connection's credential, with its blank line.
  static std::string CredentialRequest(int connection = 0);
  /// The sidecar's anonymous resident memory in kB (RssAnon).
  long AnonymousKilobytes() const;
  long ResidentKilobytes() const;
  /// How often one of its threads was waiting and went on, and how long they
  /// ran, since it was started.
  long WakeUps() const;
  std::chrono::duration<double, std::milli> CpuTime() const;

 private:
  struct Vault;

  void StartSidecar();
  void AwaitCredential();

  testing::ScratchDirectory directory_;
  std::unique_ptr<Vault> vault_;
  std::string socket_;
  testing::ProcessOptions options_;
  std::unique_ptr<testing::Process> sidecar_;
};

}  // namespace claviger::bench
