// SPDX-License-Identifier: Apache-2.0
//
// Has a client that comes over TCP prove that it knows the pod's secret, by
// SCRAM-SHA-256: bytes in, bytes out. Pure; not synchronised.
#pragma once

#include <string>

#include "base/random.h"
#include "postgres/scram_server.h"

namespace claviger::postgres {

class ClientCheck {
 public:
  enum class State { kGoing, kRight, kWrong };

  /// `verifier` outlives the object; `random` the call.
  ClientCheck(const ScramVerifier& verifier, Random& random);

  /// What is sent first: that SCRAM is wanted.
  std::string Begin() const;
  /// Takes whole messages off the front of `bytes`, appends answers to `out`.
  /// After kRight the rest of `bytes` belongs to the session; AuthenticationOk
  /// is the caller's to send.
  State Feed(std::string& bytes, std::string& out);

 private:
  Result<std::string> OnMessage(std::string_view body);

  ScramServer scram_;
  bool first_ = true;
};

}  // namespace claviger::postgres
