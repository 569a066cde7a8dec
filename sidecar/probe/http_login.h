// SPDX-License-Identifier: Apache-2.0
//
// One request of HTTP over a connection, and the status of its answer: the
// head is read, and nothing behind it. Loop's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "sidecar/proxy/stream.h"

namespace claviger::sidecar::probe {

class HttpLogin final : public std::enable_shared_from_this<HttpLogin> {
 public:
  using Done = std::function<void(Result<int>)>;

  HttpLogin(std::unique_ptr<proxy::Stream> stream, Secret request, Done done);

  /// Once. `done` gets the status, kUnavailable or kMalformed. Dropping the
  /// object cancels it.
  void Begin();

 private:
  void Write();
  void Read();
  // False: more of the answer is needed.
  bool TakeHead();
  void Wait(proxy::Stream::Outcome wanted, void (HttpLogin::*then)());
  void Finish(Result<int> result);

  const std::unique_ptr<proxy::Stream> stream_;
  const Secret request_;
  Done done_;
  size_t sent_ = 0;
  std::string answer_;
  size_t looked_ = 0;
};

}  // namespace claviger::sidecar::probe
