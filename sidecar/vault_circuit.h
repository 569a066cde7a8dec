// SPDX-License-Identifier: Apache-2.0
//
// The Api that stops asking a Vault that does not answer: after a failure that
// may pass, calls fail at once for a while that grows with each further one,
// so that requests do not queue behind deadlines and a fleet does not hammer a
// server that comes back. One mount that fails, as a database engine whose
// database is down, is left alone by itself; all of Vault is when two fail in a
// row, or when it says that it is sealed or busy. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "vault/api.h"

namespace claviger::sidecar {

class VaultCircuit final : public vault::Api {
 public:
  /// All outlive the object.
  VaultCircuit(vault::Api& next, const Clock& clock, Random& random)
      : next_(next),
        clock_(clock),
        random_(random),
        closed_until_(clock.SteadyNow()) {}

  /// `next`'s answer; or, while Vault is left alone, the last failure again
  /// with the time that remains as its retry_after.
  Result<vault::Answer> Do(const vault::Call& call) override;

  /// While one lives, calls are made as soon as half a second after the last
  /// failure. For the one thread that makes calls.
  class Urgency {
   public:
    Urgency(VaultCircuit& circuit, bool urgent);
    ~Urgency();
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;

   private:
    VaultCircuit& circuit_;
  };

  /// Forgets past failures: the next call is made, whatever came before.
  void Forgive();

 private:
  bool IsShut(const std::string& mount) const;
  void Note(const std::string& mount, const Result<vault::Answer>& answer);
  void SetUrgent(bool urgent);

  vault::Api& next_;
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  SteadyTime closed_until_;
  SteadyTime urgent_from_ = closed_until_;
  bool urgent_ = false;
  int failures_ = 0;  // since an answer
  Error last_;
  std::string failed_mount_;
  bool answered_ = false;  // by another mount, since the last failure
  bool whole_ = false;     // all of Vault is left alone
};

}  // namespace claviger::sidecar
