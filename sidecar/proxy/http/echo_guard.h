// SPDX-License-Identifier: Apache-2.0
//
// Looks for the credential in what a server answers: a debugging page that
// prints the request would hand it to the application. Headers whole, of a body
// its first 64 KiB; encoded (gzip) or encrypted echoes are not seen. Not
// synchronised.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "sidecar/proxy/http/head.h"

namespace claviger::sidecar::proxy {

class EchoGuard {
 public:
  static constexpr size_t kScanned = size_t{64} * 1024;

  /// `needles` outlives the guard.
  explicit EchoGuard(const std::vector<Secret>& needles) : needles_(&needles) {}

  bool IsIn(std::string_view text) const;
  bool IsIn(const std::vector<Field>& fields) const;

  /// The next piece of a body. False: the credential is in it. Else `out` is
  /// what may go on now; an end that could be the beginning of the credential
  /// is held back until it is known.
  bool Pass(std::string_view content, std::string& out);
  /// What was held back when the body ended.
  std::string Rest() { return std::move(held_); }

 private:
  size_t PrefixAtEnd(std::string_view text) const;

  const std::vector<Secret>* needles_;
  std::string held_;
  size_t seen_ = 0;
};

}  // namespace claviger::sidecar::proxy
